"""The audit of several hosts as a page: the hosts, what to do first, what they share, then each host's own findings."""

from qtctl.reports import audit_page
from qtctl.reports.blocks import Blocks, Code, Paragraph, Section, Strong, Table, Text, Title, make_table
from qtctl.reports.fleet import FleetReport, Same, ToDo, describe_interrupted
from qtctl.reports.fleet_rows import HostRow, count_good, make_rows
from qtctl.reports.phrases import count_holding, describe_unseen, fold_names, format_count
from qtctl.reports.verdict_words import write_head

MOST_NAMED = 10
HEADS = ("host", "verdict", "holds", "broken", "unknown", "not asked", "which, or why it could not be reached")


def build_page(report: FleetReport, *, verbose: bool = False) -> Blocks:
    """A finding that several hosts have is shown once. In full (`verbose`) each host's section has all of its own."""
    return (
        Title(f"Audit of {format_count(report.totals.hosts, 'host')}"),
        Paragraph(write_headline(report)),
        *([Paragraph(interrupted)] if (interrupted := describe_interrupted(report)) else []),
        Table(HEADS, tuple(map(_make_row, make_rows(report.hosts)))),
        Section("Do first", _show_first(report.first)),
        Section("On several hosts", _show_shared(report)),
        Section("Compared with each other", _show_compared(report)),
        *_show_hosts(report, verbose=verbose),
    )


def _show_hosts(report: FleetReport, *, verbose: bool) -> Blocks:
    """Those that could be asked; unless in full, those with something of their own."""
    shared = {each.same for each in report.shared}
    asked = [each for each in report.hosts if not each.unreachable]
    if verbose:
        return tuple(Section(Code(each.address), audit_page.build_page(each)[1:]) for each in asked)
    parts = ((each, [check for check in each.findings if Same.of(check) in shared]) for each in asked)
    return tuple(
        Section(Code(each.address), audit_page.build_page(each, elsewhere)[1:])
        for each, elsewhere in parts
        if len(elsewhere) < len(each.findings) or each.unknowns or each.checks is not None
    )


def write_headline(report: FleetReport) -> Text:
    totals = report.totals
    hosts = f"{count_good(report)}, {totals.not_as_declared} not, {totals.incomplete} incomplete"
    found = f"{format_count(totals.broken, 'finding')}, {totals.unknown} unknown"
    held = count_holding(totals.holds, totals.checks)
    return (
        Strong(f"{write_head(report.verdict, totals)}."),
        f" {hosts}; {found}, {held}{describe_unseen(totals.not_asked)}.",
    )


def _make_row(row: HostRow) -> tuple[Text, ...]:
    report = row.first
    counts = map(row.count, ("holds", "broken", "unknown", "not_asked"))
    why = row.why or row.names
    name: Text = Code(report.address) if len(row.reports) == 1 else row.name
    return name, write_head(report.verdict, report.totals), *counts, why


def _show_first(first: tuple[ToDo, ...]) -> Blocks:
    rows = (
        (each.severity.value, each.id, each.title, fold_names(each.hosts), ", ".join(each.leads_to), each.remedy)
        for each in first
    )
    return make_table(("severity", "id", "what", "hosts", "leads to", "remedy of the first"), rows)


def _show_shared(report: FleetReport) -> Blocks:
    """Each with the proof of the first host."""
    first = {Same.of(check): check for each in reversed(report.hosts) for check in each.findings}
    rows = (
        (
            each.severity.value,
            each.id,
            (f"{each.title}: ", Code(each.subject), " (waived)" if each.waived else ""),
            fold_names(each.hosts, MOST_NAMED),
            audit_page.format_proofs(first[each.same].proof),
            first[each.same].remedy,
        )
        for each in report.shared
    )
    return make_table(("severity", "id", "subject", "hosts", "proof of the first", "remedy of the first"), rows)


def _show_compared(report: FleetReport) -> Blocks:
    found = report.compared
    return (
        *audit_page.show_findings(found.findings, found.unknowns),
        *audit_page.show_unknowns(found.findings, found.unknowns),
    )
