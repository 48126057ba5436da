"""The audit as tables that a person reads in ten seconds."""

from collections.abc import Iterable, Iterator

from qtctl.findings.finding import Outcome
from qtctl.reports.audit import AuditReport
from qtctl.reports.blocks import BREAK, Block, Blocks, Paragraph, Part, Text, Tone, Toned, table
from qtctl.reports.check import Check
from qtctl.reports.order import nested

TONES = {"error": Tone.BAD, "warning": Tone.WARNING, "info": Tone.NOTE}
VERDICTS = {
    "as-declared": Toned("as declared", Tone.GOOD),
    "incomplete": Toned("incomplete: not everything is known", Tone.UNKNOWN),
    "not-as-declared": Toned("not as declared", Tone.BAD),
}


def screen(report: AuditReport) -> Blocks:
    """Findings, roots before what follows from them; unknowns by reason; what holds where asked for; the totals."""
    return tuple(_blocks(report))


def _blocks(report: AuditReport) -> Iterator[Block]:
    yield from _findings(report.findings)
    yield from _unknowns(report.unknowns)
    yield from _holding(report.checks or ())
    yield Paragraph(_headline(report))


def _findings(findings: Iterable[Check]) -> Blocks:
    columns = ("severity", "id", "subject", "what is wrong, and what to do", "declared")
    return table(columns, (_finding(depth, check) for depth, check in nested(findings)), "Findings")


def _finding(depth: int, check: Check) -> tuple[Text, ...]:
    indent = f"{'  ' * depth}↳ " if depth else ""
    return (
        Toned(check.severity.value, TONES[check.severity.value]),
        check.id,
        indent + check.subject,
        (f"{check.title}: {_short(check.observed)}", BREAK, Toned(check.remedy, Tone.ASIDE)),
        check.declared,
    )


def _unknowns(unknowns: Iterable[Check]) -> Blocks:
    reasons: dict[str, list[Check]] = {}
    for check in unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    rows = (
        (reason, str(len(those)), f"{those[0].id} {those[0].subject}")
        for reason, those in sorted(reasons.items(), key=lambda item: -len(item[1]))
    )
    return table(("unknown because", "checks", "such as"), rows, "Unknown: no evidence, so neither good nor bad")


def _holding(checks: Iterable[Check]) -> Blocks:
    rows = ((check.id, check.subject, _short(check.expected)) for check in checks if check.outcome is Outcome.HOLDS)
    return table(("id", "subject", "expected"), rows, "As declared")


def _headline(report: AuditReport) -> tuple[Part, ...]:
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
