"""What a deploy is going to do, and how it ended, as a person reads it."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qtctl.apply.install import KEEP
from qtctl.cli.output import draw, table, tell, write
from qtctl.dialects.shell import quote
from qtctl.flows.deploy import DeployOutcome, DeployStatus
from qtctl.model.plan import Plan, Step, StepKind, StepResult

if TYPE_CHECKING:
    from qtctl.cli.tables import Rows

MANY = 30
"""Above this many steps, those alike are counted."""

ALIKE = 3
DISRUPTIVE = frozenset({StepKind.STOP, StepKind.RESTART, StepKind.DISABLE})
"""Shown one by one however many there are: what runs is touched."""

DONE = {
    StepKind.WRITE: "written",
    StepKind.SYSUSERS: "run of systemd-sysusers",
    StepKind.TMPFILES: "run of systemd-tmpfiles",
    StepKind.ENABLE: "enabled",
    StepKind.DISABLE: "disabled",
    StepKind.STOP: "stopped",
    StepKind.START: "started",
    StepKind.RESTART: "restarted",
}
OLD = "the old one is "


def show(plan: Plan, target: str, *, verbose: bool) -> None:
    """The steps, in their order, with reasons; diffs of unit files below."""
    everything = verbose or len(plan.steps) <= MANY
    draw(_each(plan, target) if everything else _counted(plan, target))
    diffs = [step.diff for step in plan.steps if step.diff]
    if everything:
        for diff in diffs:
            write(diff)
        return
    differing = f", and how {len(diffs)} {'files differ' if diffs[1:] else 'file differs'}" if diffs else ""
    tell(f"--verbose shows every step{differing}.")


def _each(plan: Plan, target: str) -> "Rows":
    shown = table("step", "what", "why", title=_title(plan, target))
    for step in plan.steps:
        shown.row(step.kind.value, step.subject, step.reason)
    return shown


def _counted(plan: Plan, target: str) -> "Rows":
    shown = table("step", "count", "what", "why", title=_title(plan, target))
    shown.columns[1].justify = "right"
    for steps in _alike(plan):
        first, others = steps[0], len(steps) - 1
        more = f" and {others} more" if others else ""
        shown.row(first.kind.value, str(len(steps)), first.subject + more, first.reason)
    return shown


def _alike(plan: Plan) -> Iterator[list[Step]]:
    groups: dict[tuple[str, str], list[Step]] = {}
    for step in plan.steps:
        groups.setdefault((step.kind, step.reason), []).append(step)
    for steps in groups.values():
        if len(steps) <= ALIKE or steps[0].kind in DISRUPTIVE:
            yield from ([step] for step in steps)
        else:
            yield steps


def _title(plan: Plan, target: str) -> str:
    return f"{target}: {len(plan.steps)} change{'s' * (len(plan.steps) != 1)}"


def ended(outcome: DeployOutcome, target: str) -> Iterator[str]:
    """What was done and kept, and how the host is now; of one that needed no change, also what does not hold."""
    if outcome.status is DeployStatus.DECLINED:
        yield f"{target}: nothing was changed"
        return
    if outcome.status is not DeployStatus.UNCHANGED:
        yield _done(outcome)
        yield from _kept(outcome.results)
        yield f"{target} now runs as declared"
        return
    if not outcome.outstanding:
        yield f"{target} is as declared: nothing to change"
        return
    yield f"{target}: nothing to change, and yet it does not run as declared"
    for check in outcome.outstanding:
        yield f"  {check.id} {check.subject}: {check.title if check.outcome == 'broken' else check.reason or 'unknown'}"
    yield f"`qtctl audit --host {quote(target)}` shows what was seen, with its proof"


def _done(outcome: DeployOutcome) -> str:
    counts = Counter(result.step.kind for result in outcome.results)
    return ", ".join(f"{counts[kind]} {word}" for kind, word in DONE.items() if counts[kind])


def _kept(results: tuple[StepResult, ...]) -> Iterator[str]:
    """Where what was replaced lies now, each folder once: a result names the whole path of the old file."""
    replaced = [result for result in results if result.detail.startswith(OLD)]
    folders = Counter(result.detail.removeprefix(OLD).removesuffix(result.step.subject) for result in replaced)
    for folder, count in sorted(folders.items()):
        yield f"{count} replaced file{'s are' if count != 1 else ' is'} kept below {folder}"
    if forgotten := sum(result.forgotten for result in results):
        yield f"{forgotten} older than the {KEEP} newest of a file {'were' if forgotten != 1 else 'was'} removed there"
