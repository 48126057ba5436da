"""An audit of several hosts as a page for a browser: verdict, causes over all of them, and what is on each host."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qtctl.findings.finding import Severity
from qtctl.findings.verdict import Conclusion
from qtctl.reports.audit import AuditReport
from qtctl.reports.audit_sheet import SEVERITY_TONES, TONES, HostSheet, list_host_chapters
from qtctl.reports.blocks import Block, Code, Column, Paragraph, Text, Tone, Toned, make_table, split_parts
from qtctl.reports.fleet import FleetReport, describe_interrupted
from qtctl.reports.fleet_page import write_headline
from qtctl.reports.fleet_rows import WORST_FIRST, count_lesser
from qtctl.reports.phrases import format_count
from qtctl.reports.sheet import Cause, Chapter, Member, Members, Sheet, Tile
from qtctl.reports.sheet_causes import make_fleet_causes
from qtctl.reports.verdict_words import write_head, write_word

MOST = 20
"""Hosts that the page shows in full."""
LARGEST = 4_000_000
"""Characters of their pictures, after which no further host is added."""
HostSheets = Iterable[tuple[AuditReport, HostSheet | str]]
"""Of each host what is on it, or why that cannot be shown."""


def build_sheet(report: FleetReport, hosts: HostSheets = ()) -> Sheet:
    """`hosts`: what is on those that are shown in full, the worst first. No more of them is made than is shown."""
    unknowns = [(each.address, check) for each in report.hosts for check in each.unknowns]
    unknowns += [("", check) for check in report.compared.unknowns]
    causes = make_fleet_causes(report, unknowns)
    fleets = ", ".join(dict.fromkeys(each.fleet for each in report.hosts))
    taken = sorted(each.taken_at for each in report.hosts)
    return Sheet(
        title=f"Audit of {format_count(report.totals.hosts, 'host')}",
        verdict=write_head(report.verdict, report.totals),
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
        each=_show_each(report, hosts),
    )


@dataclass(frozen=True, slots=True)
class PageRoom:
    """How many hosts a page shows in full."""

    most: int = MOST

    def may_show(self, number: int, report: AuditReport) -> bool:
        """Whether this host may be one of them. `number`: position among the hosts of the run, from 0.

        Hosts that are as declared are not worth the evidence of a thousand: the first ones fill the page.
        """
        return number < self.most or report.verdict is not Conclusion.AS_DECLARED


def rank_host(report: AuditReport) -> tuple[int, int, int]:
    """Those furthest from what is declared first."""
    errors = sum(each.severity is Severity.ERROR and each.waiver is None for each in report.findings)
    return WORST_FIRST.index(report.verdict), -errors, -report.totals.broken


def _show_each(report: FleetReport, hosts: HostSheets) -> Members:
    members = tuple(_list_members(hosts))
    answered = sum(not each.unreachable for each in report.hosts)
    if len(members) == answered:
        return Members("Host by host", members=members)
    which = f"The {len(members)} of {answered:,} hosts that differ most from what is declared. Any other: "
    if not members:
        which = f"None of the hosts that answered ({answered:,}) is shown in full here. To see one: "
    return Members("Host by host", (which, Code("qtctl audit --host NAME --format html")), members)


def _list_members(hosts: HostSheets) -> Iterator[Member]:
    drawn = 0
    for report, host in hosts:
        yield Member(
            name=report.address,
            verdict=write_word(report.verdict, report.totals).text.capitalize(),
            tone=TONES[report.verdict],
            about=_describe(report),
            chapters=(Chapter("Not shown", (Paragraph(host),)),)
            if isinstance(host, str)
            else tuple(list_host_chapters(report, host)),
        )
        if isinstance(host, str):
            continue
        drawn += sum(len(each.markup) for each in (*host.flow, *host.order))
        if drawn > LARGEST:
            return


def _describe(report: AuditReport) -> str:
    totals = report.totals
    counts = ((totals.broken, "broken"), (totals.unknown, "unknown"), (totals.holds, "hold"))
    return ", ".join(f"{number:,} {word}" for number, word in counts if number)


def _list_tiles(report: FleetReport, causes: tuple[Cause, ...]) -> Iterator[Tile]:
    totals = report.totals
    yield Tile("hosts not as declared", totals.not_as_declared, Tone.BAD if totals.not_as_declared else None)
    yield Tile("hosts incomplete", totals.incomplete, Tone.UNKNOWN if totals.incomplete else None)
    lesser = count_lesser(report.hosts)
    if lesser:
        yield Tile("hosts below the gate", lesser, Tone.GOOD)
    good = totals.as_declared - lesser
    yield Tile("hosts as declared", good, Tone.GOOD if good else None)
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
        Toned(write_word(each.verdict, counts).text.capitalize(), TONES[each.verdict]),
        *numbers,
        each.unreachable or ids,
    )
