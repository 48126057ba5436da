"""The audit of several hosts for people: a line for each host, then each host's report."""

from collections.abc import Iterator

from qtctl.reports import audit_page, audit_screen
from qtctl.reports.audit import AuditReport
from qtctl.reports.audit_page import VERDICTS
from qtctl.reports.blocks import Block, Blocks, Code, Paragraph, Section, Strong, Table, Text, Title
from qtctl.reports.fleet import FleetReport, explain_unreachable
from qtctl.reports.phrases import describe_unseen, format_count

HEADS = ("host", "verdict", "holds", "broken", "unknown", "not asked", "unreachable because")


def build_page(report: FleetReport) -> Blocks:
    return (
        Title(f"Audit of {format_count(report.totals.hosts, 'host')}"),
        Paragraph(write_headline(report)),
        Table(HEADS, tuple(map(make_row, report.hosts))),
        *(
            Section(Code(each.address), audit_page.build_page(each)[1:])
            for each in report.hosts
            if not each.unreachable
        ),
    )


def write_headline(report: FleetReport) -> Text:
    totals = report.totals
    hosts = f"{totals.as_declared} as declared, {totals.not_as_declared} not, {totals.incomplete} incomplete"
    found = f"{format_count(totals.broken, 'finding')}, {totals.unknown} unknown"
    held = f"{totals.holds} of {format_count(totals.checks, 'check')} hold"
    return (
        Strong(f"{VERDICTS[report.verdict.value]}."),
        f" {hosts}; {found}, {held}{describe_unseen(totals.not_asked)}.",
    )


def make_row(report: AuditReport) -> tuple[Text, ...]:
    return Code(report.address), VERDICTS[report.verdict.value], *_format_counts(report), explain_unreachable(report)


def _format_counts(report: AuditReport) -> Iterator[str]:
    totals = report.totals
    return map(str, (totals.holds, totals.broken, totals.unknown, totals.not_asked))


def build_screen(report: FleetReport, *, verbose: bool = False) -> Iterator[Block]:
    """A line for each host; then the findings and unknowns of each that has any and could be asked; then the totals."""
    yield Table(HEADS, tuple(map(_make_host_row, report.hosts)), "Hosts")
    for each in report.hosts:
        asked = not explain_unreachable(each)
        if each.checks is not None or (asked and (each.findings or each.unknowns)):
            yield from audit_screen.build_screen(each, verbose=verbose)
    totals = report.totals
    yield Paragraph(
        f"{totals.hosts} hosts: {totals.as_declared} as declared, {totals.not_as_declared} not as declared, "
        f"{totals.incomplete} incomplete · {totals.checks} checks: {totals.holds} hold, {totals.broken} broken, "
        f"{totals.unknown} unknown" + (f", {totals.not_asked} not asked" if totals.not_asked else "")
    )


def _make_host_row(report: AuditReport) -> tuple[Text, ...]:
    return (
        report.address,
        audit_screen.VERDICTS[report.verdict.value],
        *_format_counts(report),
        explain_unreachable(report),
    )
