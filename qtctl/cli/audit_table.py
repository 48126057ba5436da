"""The audit as a table that a person reads in ten seconds."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtctl.cli.output import console, table
from qtctl.model.checks import Check, Outcome

if TYPE_CHECKING:
    from qtctl.report.audit import AuditReport

COLOURS = {"error": "red", "warning": "yellow", "info": "blue", "unknown": "magenta", "holds": "green"}


def show(report: "AuditReport", checks: Iterable[Check], *, every: bool) -> None:
    """Findings first, roots before what follows from them; unknowns by reason; then the totals."""
    out = console()
    checks = tuple(checks)
    broken = [check for check in checks if check.outcome is Outcome.BROKEN]
    unknown = [check for check in checks if check.outcome is Outcome.UNKNOWN]
    if broken:
        out.print(_findings(broken))
    if unknown:
        out.print(_unknowns(unknown))
    if every:
        out.print(_holding([check for check in checks if check.outcome is Outcome.HOLDS]))
    out.print(_headline(report, broken, unknown))


def _findings(broken: list[Check]) -> object:
    shown = table("severity", "id", "subject", "expected", "found", "declared", "remedy", title="Findings")
    for check in _roots_first(broken):
        colour = COLOURS[check.severity.value]
        indent = "  ↳ " if check.because else ""
        shown.add_row(
            f"[{colour}]{check.severity.value}[/]",
            check.id,
            _plain(indent + check.subject),
            _plain(_short(check.expected)),
            _plain(_short(check.observed)),
            _plain(check.declared),
            _plain(check.remedy),
        )
    return shown


def _roots_first(broken: list[Check]) -> list[Check]:
    prints = {check.fingerprint for check in broken}
    roots = [check for check in broken if check.because not in prints]
    ordered = sorted(roots, key=lambda check: (-check.severity.rank, check.id, check.subject))
    return [each for root in ordered for each in (root, *_following(root, broken))]


def _following(root: Check, broken: list[Check]) -> list[Check]:
    return [
        each for check in broken if check.because == root.fingerprint for each in (check, *_following(check, broken))
    ]


def _unknowns(unknown: list[Check]) -> object:
    shown = table("unknown because", "checks", "such as", title="Unknown: no evidence, so neither good nor bad")
    reasons: dict[str, list[Check]] = {}
    for check in unknown:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    for reason, those in sorted(reasons.items(), key=lambda item: -len(item[1])):
        shown.add_row(_plain(reason), str(len(those)), _plain(f"{those[0].id} {those[0].subject}"))
    return shown


def _holding(holding: list[Check]) -> object:
    shown = table("id", "subject", "what holds", title="As declared")
    for check in holding:
        shown.add_row(check.id, _plain(check.subject), _plain(check.title))
    return shown


def _headline(report: "AuditReport", broken: list[Check], unknown: list[Check]) -> str:
    verdict = "[red]not as declared[/]" if broken else "[magenta]incomplete[/]" if unknown else "[green]as declared[/]"
    totals = report.totals
    return (
        f"{_plain(report.host)} at {report.taken_at}: {verdict} · {totals.total} checks: {totals.holds} hold, "
        f"{totals.broken} broken, {totals.unknown} unknown"
    )


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value)
    return "none" if value is None else str(value)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
