"""The audit as a table that a person reads in ten seconds."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtctl.cli.output import BREAK, Part, Styled, cell, draw, table, tell
from qtctl.findings.finding import Outcome
from qtctl.report.check import Check
from qtctl.report.order import nested

if TYPE_CHECKING:
    from qtctl.cli.tables import Rows
    from qtctl.report.audit import AuditReport

COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}
VERDICTS = {
    "as-declared": Styled("as declared", "green"),
    "incomplete": Styled("incomplete: not everything is known", "magenta"),
    "not-as-declared": Styled("not as declared", "red"),
}


def show(report: "AuditReport") -> None:
    """Findings, roots before what follows from them; unknowns by reason; what holds where asked for; the totals."""
    if report.findings:
        draw(_findings(report.findings))
    if report.unknowns:
        draw(_unknowns(report.unknowns))
    if report.checks is not None:
        draw(_holding(report.checks))
    tell(*_headline(report))


def _findings(findings: Iterable[Check]) -> "Rows":
    shown = table("severity", "id", "subject", "what is wrong, and what to do", "declared", title="Findings")
    for depth, check in nested(findings):
        colour = COLOURS[check.severity.value]
        indent = f"{'  ' * depth}↳ " if depth else ""
        shown.row(
            cell(Styled(check.severity.value, colour)),
            check.id,
            indent + check.subject,
            cell(f"{check.title}: {_short(check.observed)}", BREAK, Styled(check.remedy, "dim")),
            check.declared,
        )
    return shown


def _unknowns(unknowns: Iterable[Check]) -> "Rows":
    shown = table("unknown because", "checks", "such as", title="Unknown: no evidence, so neither good nor bad")
    reasons: dict[str, list[Check]] = {}
    for check in unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    for reason, those in sorted(reasons.items(), key=lambda item: -len(item[1])):
        shown.row(reason, str(len(those)), f"{those[0].id} {those[0].subject}")
    return shown


def _holding(checks: Iterable[Check]) -> "Rows":
    shown = table("id", "subject", "expected", title="As declared")
    for check in checks:
        if check.outcome is Outcome.HOLDS:
            shown.row(check.id, check.subject, _short(check.expected))
    return shown


def _headline(report: "AuditReport") -> tuple[Part, ...]:
    totals = report.totals
    return (
        f"{report.host}, asked at {report.address}, {report.taken_at}: ",
        VERDICTS[report.verdict.value],
        f" · {totals.total} checks: {totals.holds} hold, {totals.broken} broken, {totals.unknown} unknown",
    )


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value) or "none"
    return "none" if value is None else str(value)
