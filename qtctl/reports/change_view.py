"""A comment of a pull request that changes a registry: the plan of each host, parity, and how the gate ended."""

import re
from collections.abc import Iterator
from hashlib import sha256

from qtctl.errors import InputError, Place
from qtctl.findings.verdict import Conclusion
from qtctl.model.plan import Step
from qtctl.plan.agreed import label_step
from qtctl.plan.assumed import AssumedPlan
from qtctl.reports.blocks import (
    Blocks,
    Code,
    Comment,
    Fold,
    Paragraph,
    Section,
    Strong,
    Text,
    join,
    make_list,
    make_table,
    show_diff,
)
from qtctl.reports.change import Change, HostChange, ParityChange
from qtctl.reports.gate import GateReport
from qtctl.reports.gate_view import build_page
from qtctl.reports.phrases import add_hint, format_count

MARK, UNCHANGED = "qtctl gate", "unchanged"
_MARKED = re.compile(r"<!-- qtctl gate [0-9a-f]{8}(?P<same> unchanged)? -->")
VERDICTS = {
    Conclusion.AS_DECLARED: "passed",
    Conclusion.NOT_AS_DECLARED: "failed",
    Conclusion.INCOMPLETE: "is incomplete",
}


def build_comment(report: GateReport, change: Change) -> Comment:
    """A comment is found again by its mark: each registry of a repository has its own."""
    mark = f"{MARK} {sha256(report.registry.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    mark = f"{mark} {UNCHANGED}" if change.is_same else mark
    return Comment(mark, _write_title(report, change), _write_intro(change), tuple(_make_folds(report, change)))


def read_mark(text: str, where: str) -> tuple[str, bool]:
    """The beginning of a comment that has the mark; and whether the comment says that nothing changes.

    InputError without a mark.
    """
    found = _MARKED.match(text)
    if found is None:
        raise InputError("not a comment of qtctl gate", hint="qtctl gate --comment FILE writes one", place=Place(where))
    return found[0].removesuffix(" -->").removesuffix(f" {UNCHANGED}"), found["same"] is not None


def _make_folds(report: GateReport, change: Change) -> Iterator[Fold]:
    for each in change.hosts:
        said = "refused" if each.is_refused else format_count(each.steps, "step")
        yield Fold(f"Plan for {each.host}: {said}", _build_plan(each))
    for each in change.hosts:
        if each.parity:
            yield Fold(f"Parity of {each.host}: {format_count(len(each.parity), 'change')}", _build_parity(each))
    yield Fold("Gate", build_page(report))


def _write_title(report: GateReport, change: Change) -> str:
    """The whole comment in one line: what is seen of it while it is folded."""
    steps, rows = sum(each.steps for each in change.hosts), sum(len(each.parity) for each in change.hosts)
    said = [f"qtctl: the gate {VERDICTS[report.conclusion]}"]
    if change.why:
        said.append("no plan")
    elif change.is_same:
        said.append("the registry does not change")
    else:
        refused = [each.host for each in change.hosts if each.is_refused]
        said += [f"a deploy would be refused on {', '.join(refused)}"] if refused else []
        said += [f"the plan has {format_count(steps, 'step')}", f"{format_count(rows, 'change')} in parity"]
    return ", ".join(said)


def _write_intro(change: Change) -> Blocks:
    if change.why:
        return (Paragraph((Strong("No plan."), f" {change.why}")),)
    gone = make_list((Code(host), ": no longer declared; nothing is removed from it") for host in change.gone)
    return (Paragraph(("Compared with ", Code(change.base[:12]), ".")), *gone)


def _build_plan(change: HostChange) -> Blocks:
    """One host: what a deploy would do, what that is based on, and what is in the way."""
    if change.planned is None:
        return (Paragraph((Strong("No plan."), f" {change.why}")),)
    planned = change.planned.plan
    refusals = ((Code(each.subject), f": {add_hint(each.reason, each.hint)}") for each in planned.refusals)
    rows = (_make_step_row(change.planned, step) for step in planned.steps)
    drifted = ((Code(path), ": the host has something else; a deploy replaces it") for path in change.planned.drifted)
    return (
        Paragraph(change.source),
        *(() if planned.steps or planned.refusals else (Paragraph("A deploy would change nothing."),)),
        Section("In the way", make_list(refusals)),
        *make_table(("step", "what", "why", "due before"), rows),
        Section("Changed by hand", make_list(drifted)),
        Section("Notes", make_list((Code(each.subject), f": {each.text}") for each in planned.notes)),
        *(show_diff(step.subject, step.diff, marked=False) for step in planned.steps if step.diff),
    )


def _make_step_row(planned: AssumedPlan, step: Step) -> tuple[Text, ...]:
    return (step.kind.value, Code(step.subject), step.reason, "yes" if label_step(step) in planned.due else "")


def _build_parity(change: HostChange) -> Blocks:
    return make_table(("service", "what", "was", "now"), map(_make_row, change.parity))


def _make_row(each: ParityChange) -> tuple[Text, ...]:
    return (join((Code(each.service), each.file)), Code(each.what), each.was, each.now)
