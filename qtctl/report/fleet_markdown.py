"""The audit of several hosts for people: one line a host, then each host's report."""

import re

from qtctl.report import audit_markdown
from qtctl.report.audit import AuditReport
from qtctl.report.audit_markdown import VERDICTS
from qtctl.report.fleet import FleetReport, why_unreachable
from qtctl.report.markdown import code, counted, document, plain, table

HEADS = ("host", "verdict", "holds", "broken", "unknown", "unreachable because")


def to_markdown(report: FleetReport) -> str:
    return document(
        f"Audit of {counted(report.totals.hosts, 'host')}",
        [headline(report), ""],
        table(HEADS, map(row, report.hosts)),
        [""],
        *([*below(each), ""] for each in report.hosts),
    )


def headline(report: FleetReport) -> str:
    totals = report.totals
    return (
        f"**{VERDICTS[report.verdict.value]}.** {totals.as_declared} as declared, {totals.not_as_declared} not, "
        f"{totals.incomplete} incomplete; {counted(totals.broken, 'finding')}, {totals.unknown} unknown, "
        f"{totals.holds} of {counted(totals.checks, 'check')} hold."
    )


def row(report: AuditReport) -> tuple[str, ...]:
    counts = map(str, (report.totals.holds, report.totals.broken, report.totals.unknown))
    return code(report.address), plain(VERDICTS[report.verdict.value]), *counts, plain(why_unreachable(report))


def below(report: AuditReport) -> list[str]:
    """The host's own report, one level down."""
    lines = audit_markdown.to_markdown(report).rstrip("\n").split("\n")
    title = f"## {code(report.address)}"
    return [title if at == 0 else re.sub(r"^(#+ )", r"#\1", line) for at, line in enumerate(lines)]
