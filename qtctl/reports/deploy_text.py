"""The end of a deploy in lines of text: what a person needs to continue by hand."""

from collections import Counter
from collections.abc import Iterable, Iterator

from qtctl.dialects.shell import quote
from qtctl.dialects.wording import join_some
from qtctl.findings.finding import Finding, Outcome
from qtctl.model.plan import NoteKind, Refusal, StepKind, StepResult, StepStatus
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind, UnitFailure
from qtctl.reports.phrases import add_hint

FEW = 5
"""If more steps than this differ only in names, the first is named and the others are counted."""
_PAIR = 2
"""So many refused subjects are both named; of more, only the first."""

DONE = {
    StepKind.WRITE: "written",
    StepKind.FOLDER: "given owner and mode",
    StepKind.REMOVE: "removed",
    StepKind.LINK: "switched",
    StepKind.SYSUSERS: "run of systemd-sysusers",
    StepKind.TMPFILES: "run of systemd-tmpfiles",
    StepKind.ENABLE: "enabled",
    StepKind.DISABLE: "disabled",
    StepKind.STOP: "stopped",
    StepKind.START: "started",
    StepKind.UNIT_RELOAD: "reloaded",
    StepKind.RESTART: "restarted",
    StepKind.STOP_CONTAINER: "stopped (container)",
}
"""The kinds that are shown, and how."""

_HEADS = {StepStatus.FAILED: "failed", StepStatus.UNKNOWN: "unknown", StepStatus.NOT_RUN: "not run"}


def describe_end(outcome: DeployOutcome, target: str, state: str = "as declared") -> tuple[str, ...]:
    """What was done and kept, and the host's state now. Empty if it did not finish: see `describe_problems`."""
    if outcome.status is DeployStatus.DECLINED:
        return (f"{target}: nothing was changed",)
    if outcome.status is DeployStatus.DEPLOYED:
        ended = _describe_deployed(outcome, target, state)
        return (_format_counts(outcome), *_list_kept(outcome.results), *ended, *_list_overridden(outcome))
    if outcome.status is DeployStatus.UNCHANGED:
        return (*_describe_unchanged(outcome, target, state), *_list_overridden(outcome))
    return ()


def _list_overridden(outcome: DeployOutcome) -> tuple[str, ...]:
    """What operators' drop-ins change in generated files: a deploy leaves them, and an audit finds them."""
    found = [f"  {each.subject}: {each.text}" for each in outcome.plan.notes if each.kind is NoteKind.OVERRIDDEN]
    return ("drop-ins that qtctl did not write are in force, too:", *found) if found else ()


def describe_problems(outcome: DeployOutcome) -> tuple[str, ...]:
    """Why it did not finish, in one line, then a line for each thing and one for what to do. Empty if it finished."""
    reason = outcome.reason
    if reason is None:
        return ()
    if outcome.status is DeployStatus.RESTORED:
        head = f"{outcome.plan.host}: it was rolled back, and the host is as it was before: {reason.what}"
        return _add_hint(head, [*_list_not_done(outcome), *_open_of(outcome), *_list_not_taken_back(outcome)], reason)
    if outcome.status is DeployStatus.FAILED:
        head = f"{outcome.plan.host}: the deploy is not verified: {reason.what}"
        return _add_hint(head, [*_list_left(outcome), *_list_not_taken_back(outcome)], reason)
    if reason.kind is ReasonKind.IN_THE_WAY:
        return _add_head(
            f"{outcome.plan.host}: nothing was changed", describe_refusals(outcome.plan.refusals, outcome.plan.host)
        )
    if reason.kind is ReasonKind.UNVERIFIABLE:
        unknown = [each for each in outcome.outstanding if each.outcome is Outcome.UNKNOWN]
        return _add_head(f"{outcome.plan.host}: nothing was changed, since {reason.what}", _open(unknown))
    return _add_hint(f"{outcome.plan.host}: {reason.what}", [], reason)


def _add_hint(head: str, lines: list[str], reason: Reason) -> tuple[str, ...]:
    """What to do gets its own line if there are several lines."""
    if not lines:
        return (f"{head} ({reason.hint})" if reason.hint else head,)
    return (head, *lines, *([reason.hint] if reason.hint else []))


def _add_head(head: str, lines: list[str]) -> tuple[str, ...]:
    return (f"{head}: {lines[0]}",) if len(lines) == 1 else (head, *lines)


def _describe_deployed(outcome: DeployOutcome, target: str, state: str) -> Iterator[str]:
    if outcome.as_declared:
        yield f"{target} now runs {state}"
        return
    yield f"{target} now runs {state}, except for what had failed before:"
    yield from (f"  {line}" for line in _open_of(outcome))


def _describe_unchanged(outcome: DeployOutcome, target: str, state: str) -> Iterator[str]:
    if outcome.as_declared:
        yield f"{target} is {state}: nothing to change"
        return
    yield f"{target}: nothing to change, and yet it does not run as declared"
    for each in outcome.outstanding:
        how = each.title if each.outcome is Outcome.BROKEN else each.reason or "unknown"
        yield f"  {each.id} {each.subject}: {how}"
    yield from (f"  {line}" for line in _list_moving(outcome))
    yield f"`qtctl audit --host {quote(target)}` shows what was seen, with its proof"


def _format_counts(outcome: DeployOutcome) -> str:
    counts = Counter(result.step.kind for result in outcome.results)
    return ", ".join(f"{counts[kind]} {word}" for kind, word in DONE.items() if counts[kind])


def _list_kept(results: Iterable[StepResult]) -> Iterator[str]:
    """Where replaced files of people are now, each folder once. Our own files are in generations."""
    by_hand = (each for each in results if each.kept.endswith(each.step.subject))
    folders = Counter(result.kept.removesuffix(result.step.subject) for result in by_hand)
    for folder, count in sorted(folders.items()):
        yield f"{count} replaced file{'s are' if count != 1 else ' is'} kept below {folder}"


def describe_refusals(found: Iterable[Refusal], host: str) -> list[str]:
    """A line for each reason, with everything that it blocks; `host` itself, which is named beside it, is not."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for refusal in found:
        by_reason.setdefault((refusal.reason, refusal.hint), []).append(refusal.subject)
    return [
        add_hint(reason if subjects == [host] else f"{_join_subjects(subjects)}: {reason}", hint)
        for (reason, hint), subjects in by_reason.items()
    ]


def _join_subjects(subjects: list[str]) -> str:
    return join_some(subjects, 1) if len(subjects) > _PAIR else ", ".join(subjects)


def _list_left(outcome: DeployOutcome) -> list[str]:
    """What was not done, what was done, what is open."""
    lines = _list_not_done(outcome)
    done = [result for result in outcome.results if result.done]
    written = [result for result in done if result.step.kind is StepKind.WRITE]
    lines += _group_alike("written", [("", each.step.subject, _describe_replaced(each)) for each in written])
    told = [each.step for each in done if each.step.kind in DONE and each.step.kind is not StepKind.WRITE]
    lines += _group_alike("done", [(step.kind.value, step.subject, "") for step in told])
    return lines + _open_of(outcome)


def _list_not_done(outcome: DeployOutcome) -> list[str]:
    lines = []
    for status, head in _HEADS.items():
        rows = [
            (each.step.kind.value, each.step.subject, f": {each.detail}" if each.detail else "")
            for each in outcome.results
            if each.status is status
        ]
        lines += _group_alike(head, rows)
    return lines


def _open_of(outcome: DeployOutcome) -> list[str]:
    lines = _open(outcome.outstanding)
    lines += [f"open: {line}" for line in _list_moving(outcome)]
    return lines + [line for failure in outcome.failures for line in _explain_failure(failure)]


def _list_moving(outcome: DeployOutcome) -> list[str]:
    return [f"{unit} does not stay up: it keeps being restarted" for unit in outcome.moving]


def _list_not_taken_back(outcome: DeployOutcome) -> list[str]:
    return [
        *(f"left: {path} was changed by someone else meanwhile" for path in outcome.left),
        *(f"worse: {unit} is not as it was before" for unit in outcome.worse),
        *(f"not run again: {unit} is a oneshot that was active before" for unit in outcome.gone),
    ]


def _explain_failure(failure: UnitFailure) -> list[str]:
    """Why a unit does not run, and the end of its journal, marked as such."""
    return [f"why: {failure.unit}: {failure.said or 'see its journal'}", *(f"  | {line}" for line in failure.journal)]


def _describe_replaced(result: StepResult) -> str:
    return f", the old one is {result.kept}" if result.kept else ", new"


def _group_alike(head: str, rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """A line for each row of (kind, subject, how it ended), but one for many that differ only in their names."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for kind, subject, how in rows:
        subjects.setdefault((f"{kind} " if kind else "", how.replace(subject, "…")), []).append(subject)
    lines = []
    for (kind, how), names in subjects.items():
        many = len(names) > FEW
        lines += (
            [f"{head}: {kind}{_join_subjects(names)}{how}"]
            if many
            else [f"{head}: {kind}{name}{how.replace('…', name)}" for name in names]
        )
    return lines


def _open(outstanding: Iterable[Finding]) -> list[str]:
    lines = []
    unknown: dict[str, list[str]] = {}
    for each in outstanding:
        if each.outcome is Outcome.BROKEN:
            lines.append(f"open: {each.id} {each.subject}: {each.title}")
        else:
            unknown.setdefault(each.reason or "", []).append(f"{each.id} {each.subject}")
    return lines + [f"not known: {_join_subjects(subjects)}: {reason}" for reason, subjects in unknown.items()]
