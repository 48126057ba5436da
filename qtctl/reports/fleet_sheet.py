"""An audit of several hosts as a page for a browser: verdict, hosts, and the causes over all of them."""

from collections.abc import Iterator

from qtctl.findings.finding import Severity
from qtctl.reports.audit import AuditReport
from qtctl.reports.audit_page import VERDICTS
from qtctl.reports.audit_sheet import SEVERITY_TONES, TONES
from qtctl.reports.blocks import Block, Code, Column, Paragraph, Text, Tone, Toned, make_table, split_parts
from qtctl.reports.fleet import FleetReport, describe_interrupted
from qtctl.reports.fleet_page import write_headline
from qtctl.reports.fleet_rows import WORST_FIRST
from qtctl.reports.phrases import format_count
from qtctl.reports.sheet import Cause, Chapter, Sheet, Tile
from qtctl.reports.sheet_causes import make_fleet_causes


def build_sheet(report: FleetReport) -> Sheet:
    unknowns = [(each.address, check) for each in report.hosts for check in each.unknowns]
    unknowns += [("", check) for check in report.compared.unknowns]
    causes = make_fleet_causes(report, unknowns)
    fleets = ", ".join(dict.fromkeys(each.fleet for each in report.hosts))
    taken = sorted(each.taken_at for each in report.hosts)
    return Sheet(
        title=f"Audit of {format_count(report.totals.hosts, 'host')}",
        verdict=VERDICTS[report.verdict.value],
        tone=TONES[report.verdict],
        headline=split_parts(write_headline(report))[1:],
        origin=f"Fleet {fleets}, evidence from {taken[0]} to {taken[-1]}, qtctl {report.hosts[0].qtctl_version}."
        if taken
        else "",
        at=taken[0] if taken else "",
        tiles=tuple(_list_tiles(report, causes)),
        causes=causes,
        judged=True,
        hosts=True,
        chapters=(Chapter("Hosts", tuple(_show_hosts(report))),),
    )


def _list_tiles(report: FleetReport, causes: tuple[Cause, ...]) -> Iterator[Tile]:
    totals = report.totals
    yield Tile("hosts not as declared", totals.not_as_declared, Tone.BAD if totals.not_as_declared else None)
    yield Tile("hosts incomplete", totals.incomplete, Tone.UNKNOWN if totals.incomplete else None)
    yield Tile("hosts as declared", totals.as_declared, Tone.GOOD if totals.as_declared else None)
    rows = [row for cause in causes for row in cause.rows]
    for severity in reversed(Severity):
        number = sum(row.kind == "broken" and row.severity == severity.value for row in rows)
        yield Tile(f"{severity.value}s", number, SEVERITY_TONES[severity] if number else None, severity.value)
    yield Tile("unknown", totals.unknown, Tone.UNKNOWN if totals.unknown else None, "unknown")


def _show_hosts(report: FleetReport) -> Iterator[Block]:
    if interrupted := describe_interrupted(report):
        yield Paragraph(interrupted)
    counts = tuple(Column(name, right=True) for name in ("holds", "broken", "unknown", "not asked"))
    ordered = sorted(report.hosts, key=lambda each: WORST_FIRST.index(each.verdict))
    yield from make_table(
        ("host", "verdict", *counts, "which, or why it could not be reached"), map(_make_row, ordered)
    )


def _make_row(each: AuditReport) -> tuple[Text, ...]:
    counts = each.totals
    numbers = map(str, (counts.holds, counts.broken, counts.unknown, counts.not_asked))
    ids = ", ".join(dict.fromkeys(check.id for check in each.findings if check.waiver is None))
    return (
        Code(each.address),
        Toned(VERDICTS[each.verdict.value].partition(":")[0], TONES[each.verdict]),
        *numbers,
        each.unreachable or ids,
    )
