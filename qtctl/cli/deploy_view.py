"""What a deploy is going to do, as a person reads it who is then asked."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qtctl.cli.output import draw, table, tell, write
from qtctl.model.plan import Plan, Step, StepKind

if TYPE_CHECKING:
    from qtctl.cli.tables import Rows

MANY = 30
"""Above this many steps, those alike are counted."""

ALIKE = 3
DISRUPTIVE = frozenset({StepKind.STOP, StepKind.RESTART, StepKind.DISABLE})
"""Shown one by one however many there are: what runs is touched."""


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
