"""The audit as a table that a person reads in ten seconds."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtctl.cli.output import console, table
from qtctl.model.checks import Check, Outcome
from qtctl.report.order import nested

if TYPE_CHECKING:
    from rich.table import Table

    from qtctl.report.audit import AuditReport

COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}
VERDICTS = {
    "as-declared": "[green]as declared[/]",
    "incomplete": "[magenta]incomplete: not everything is known[/]",
    "not-as-declared": "[red]not as declared[/]",
}


def show(report: "AuditReport", checks: Iterable[Check], *, every: bool) -> None:
    """Findings, roots before what follows from them; unknowns by reason; what holds where asked for; the totals."""
    out = console()
    if report.findings:
        out.print(_findings(report.findings))
    if report.unknowns:
        out.print(_unknowns(report.unknowns))
    if every:
        out.print(_holding(checks))
    out.print(_headline(report), soft_wrap=True)


def _findings(findings: Iterable[Check]) -> "Table":
    shown = table("severity", "id", "subject", "what is wrong, and what to do", "declared", title="Findings")
    for depth, check in nested(findings):
        colour = COLOURS[check.severity.value]
        indent = f"{'  ' * depth}↳ " if depth else ""
        shown.add_row(
            f"[{colour}]{check.severity.value}[/]",
            check.id,
            _plain(indent + check.subject),
            f"{_plain(check.title)}: {_plain(_short(check.observed))}\n[dim]{_plain(check.remedy)}[/]",
            _plain(check.declared),
        )
    return shown


def _unknowns(unknowns: Iterable[Check]) -> "Table":
    shown = table("unknown because", "checks", "such as", title="Unknown: no evidence, so neither good nor bad")
    reasons: dict[str, list[Check]] = {}
    for check in unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    for reason, those in sorted(reasons.items(), key=lambda item: -len(item[1])):
        shown.add_row(_plain(reason), str(len(those)), _plain(f"{those[0].id} {those[0].subject}"))
    return shown


def _holding(checks: Iterable[Check]) -> "Table":
    shown = table("id", "subject", "expected", title="As declared")
    for check in checks:
        if check.outcome is Outcome.HOLDS:
            shown.add_row(check.id, _plain(check.subject), _plain(_short(check.expected)))
    return shown


def _headline(report: "AuditReport") -> str:
    totals = report.totals
    return (
        f"{_plain(report.host)}, asked at {_plain(report.address)}, {report.taken_at}: "
        f"{VERDICTS[report.verdict.value]} · {totals.total} checks: {totals.holds} hold, {totals.broken} broken, "
        f"{totals.unknown} unknown"
    )


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value) or "none"
    return "none" if value is None else str(value)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
