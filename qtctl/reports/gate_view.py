"""What a gate ran, for every format."""

from collections.abc import Sequence
from functools import partial

from qtctl.findings.finding import Outcome
from qtctl.findings.verdict import Conclusion
from qtctl.reports.blocks import (
    BREAK,
    Blocks,
    Code,
    Column,
    Paragraph,
    Part,
    Section,
    Strong,
    Text,
    Title,
    Tone,
    Toned,
    make_table,
)
from qtctl.reports.check import Check
from qtctl.reports.gate import GateReport, StepResult, StepRow, merge_findings, to_json
from qtctl.reports.phrases import NONE, format_count, format_json
from qtctl.reports.view import Suite, View

VERDICTS = {
    Conclusion.AS_DECLARED: "Passed.",
    Conclusion.NOT_AS_DECLARED: "Failed.",
    Conclusion.INCOMPLETE: "Incomplete: not everything could be judged.",
}
RESULTS = {
    Conclusion.AS_DECLARED: Toned("passed", Tone.GOOD),
    Conclusion.NOT_AS_DECLARED: Toned("failed", Tone.BAD),
    Conclusion.INCOMPLETE: Toned("unknown", Tone.UNKNOWN),
}
MOST = 30
"""Findings of a step on a page. JSON has all of them, and so has the step's own command."""


def build_view(report: GateReport, results: Sequence[StepResult]) -> View:
    """Findings have their places already, since only the command knows how its user names files."""
    return View(
        name="gate",
        about=report.fleet or report.registry,
        json=partial(to_json, report),
        page=partial(build_page, report),
        findings=lambda: merge_findings(results),
        suites=lambda: tuple(Suite(name_step(each.step, each.host), each.findings) for each in results),
    )


def name_step(step: str, host: str) -> str:
    """`audit of web-1`."""
    return f"{step} of {host}" if host else step


def build_page(report: GateReport) -> Blocks:
    passed = sum(each.conclusion is Conclusion.AS_DECLARED for each in report.steps)
    counts = f" {passed} of {format_count(len(report.steps), 'step')} passed."
    return (
        Title(f"Gate of {report.fleet or report.registry}"),
        Paragraph((Strong(VERDICTS[report.conclusion]), counts)),
        *make_table(
            ("step", "host", "result", Column("findings", right=True), Column("unknown", right=True), "see"),
            map(_make_row, report.steps),
        ),
        *(section for each in report.steps for section in _show_step(each)),
    )


def _make_row(row: StepRow) -> tuple[Text, ...]:
    broken = f"{row.totals.broken}{f' ({row.totals.waived} waived)' if row.totals.waived else ''}"
    return (
        row.step.value,
        row.host or NONE,
        RESULTS[row.conclusion],
        broken,
        str(row.totals.unknown),
        Code(row.command),
    )


def _show_step(row: StepRow) -> Blocks:
    open_ = [each for each in row.findings if each.outcome is not Outcome.NOT_ASKED]
    if not open_ and not row.note:
        return ()
    left = len(open_) - MOST
    more: Blocks = (Paragraph((f"{left} more: ", Code(row.command))),) if left > 0 else ()
    table = make_table(("severity", "finding", "what", "to do"), map(_make_finding, open_[:MOST]))
    note: Blocks = (Paragraph(row.note),) if row.note else ()
    return (Section(name_step(row.step.value, row.host), (*note, *table, *more)),)


def _make_finding(check: Check) -> tuple[Text, ...]:
    if check.outcome is Outcome.UNKNOWN:
        return ("unknown", check.id, (f"{check.subject}: {check.reason or NONE}", *_name_place(check)), check.remedy)
    severity = f"{check.severity.value}{', waived' if check.waiver is not None else ''}"
    return (severity, check.id, (describe(check), *_name_place(check)), check.remedy)


def _name_place(check: Check) -> tuple[Part, ...]:
    """Where it stands, unless its subject is the file."""
    is_named = not check.declared or check.declared.startswith(check.subject)
    return () if is_named else (BREAK, Code(check.declared))


def describe(check: Check) -> str:
    """The finding in one sentence: what was compared, or the sentence of its rule."""
    if check.expected is None:
        return f"{check.subject}: {check.title if check.observed is None else format_json(check.observed)}"
    values = f"expected {format_json(check.expected)}, observed {format_json(check.observed)}"
    return f"{check.subject}: {check.title}: {values}"
