"""The audit of several hosts as a person reads it on a screen: the hosts, what to do first, and the rest in one line
each.

On request (`verbose`) each host's own report, with every finding in full, comes after that.
"""

from collections.abc import Iterator, Sequence

from qtctl.dialects.wording import count_more
from qtctl.reports import audit_screen
from qtctl.reports.audit import AuditReport
from qtctl.reports.blocks import Block, Code, Column, Paragraph, Record, Table, Text, Tone, Toned, split_parts
from qtctl.reports.check import Check
from qtctl.reports.fleet import FIRST, FleetReport, describe_interrupted, group_findings, list_unknowns
from qtctl.reports.fleet_rows import HostRow, count_good, make_rows
from qtctl.reports.group_texts import (
    choose_fix,
    describe_consequences,
    describe_expired,
    format_severity,
    list_subjects,
    make_section,
)
from qtctl.reports.grouping import FleetGroup
from qtctl.reports.phrases import fold_names, format_count, format_json
from qtctl.reports.verdict_words import write_word

COLUMNS = ("host", "verdict", Column("broken", right=True), Column("unknown", right=True), "")
_VALUES = 5
"""Values of a comparison that are shown."""


def build_screen(report: FleetReport, *, verbose: bool = False) -> Iterator[Block]:
    yield Table(COLUMNS, tuple(map(_make_row, make_rows(report.hosts))), "Hosts")
    if interrupted := describe_interrupted(report):
        yield Paragraph(interrupted)
    yield from _show_findings(report)
    for each in report.hosts:
        if each.checks is not None or (verbose and not each.unreachable and (each.findings or each.unknowns)):
            yield from audit_screen.build_screen(each, verbose=verbose)
    yield Paragraph(_write_totals(report))


def _make_row(row: HostRow) -> tuple[Text, ...]:
    report = row.first
    if report.unreachable:
        return row.name, Toned("not reached", Tone.UNKNOWN), "", row.count("unknown"), row.why
    said = "; ".join(filter(None, (row.names, row.ids)))
    return row.name, write_word(report.verdict, report.totals), row.count("broken"), row.count("unknown"), said


def _show_findings(report: FleetReport) -> Iterator[Block]:
    groups = group_findings(report.hosts, report.compared)
    urgent = [each for each in groups if each.first.waiver is None]
    waived = [each for each in groups if each.first.waiver is not None]
    first, rest = urgent[:FIRST], urgent[FIRST:]
    yield from make_section("Do first" if rest else "", [_show_group(each) for each in first])
    yield from make_section("Then", [_write_line(each) for each in rest])
    yield from _show_unknowns(report)
    yield from _show_not_asked(report.hosts)
    yield from make_section("Waived, or found before", [_write_line(each) for each in waived])
    if groups:
        yield Paragraph(
            (
                Toned("Each host with every finding and its proof: --verbose. What one means: ", Tone.ASIDE),
                Code(f"qtctl explain {groups[0].first.id}"),
            )
        )


def _show_group(found: FleetGroup) -> Record:
    """The hosts by name; of a comparison, the values that differ."""
    first = found.first
    head = (format_severity(first), first.id, f"{found.title}{_locate(found)}")
    fields: tuple[tuple[str, Text], ...] = (
        ("", fold_names(found.hosts) if len(found.hosts) > 1 else ""),
        ("", list_subjects(found.members)),
        ("observed", _describe_observed(found)),
        ("waiver", next(filter(None, map(describe_expired, found.members)), "")),
        ("fix", choose_fix(found.members)),
        ("leads to", describe_consequences(found)),
    )
    return Record(head, fields)


def _locate(found: FleetGroup) -> str:
    """On which host, or on how many; '' for a comparison."""
    if not found.hosts:
        return ""
    return f" ({found.hosts[0] if len(found.hosts) == 1 else f'{len(found.hosts)} hosts'})"


def _describe_observed(found: FleetGroup) -> str:
    """Of a single finding what was seen; of a comparison which hosts have what."""
    if len(found.members) > 1:
        return ""
    observed = found.first.observed
    if found.hosts or not isinstance(observed, dict):
        return format_json(observed)
    sides = [f"{value} ({fold_names([*map(str, names)])})" for value, names in observed.items()]  # type: ignore[arg-type]
    more = f"; {count_more(len(sides) - _VALUES)}" if len(sides) > _VALUES else ""
    return f"{'; '.join(sides[:_VALUES])}{more}"


def _write_line(found: FleetGroup) -> Paragraph:
    """One line, if it fits: where many hosts have it, these are named, else its subjects."""
    first = found.first
    names: Text = fold_names(found.hosts) if len(found.hosts) > 1 else list_subjects(found.members)
    because = f" · {first.waiver}" if first.waiver else ""
    text = (format_severity(first), f" {first.id} {found.title}{_locate(found)}: ", *split_parts(names), because)
    return Paragraph(text, hang=2)


def _show_unknowns(report: FleetReport) -> Iterator[Block]:
    """By reason, the most frequent first. Hosts that were not reached have said so in their rows."""
    reasons: dict[str, list[tuple[str, Check]]] = {}
    for host, check in list_unknowns(report):
        reasons.setdefault(check.reason or "no reason given", []).append((host, check))
    for reason, those in sorted(reasons.items(), key=lambda item: -len(item[1])):
        hosts = [*dict.fromkeys(host for host, _ in those if host)]
        where = f" on {fold_names(hosts)}" if hosts else ""
        first = those[0][1]
        yield Record(
            (Toned("unknown", Tone.UNKNOWN), f"{format_count(len(those), 'check')}{where}:", reason),
            (("such as", (f"{first.id} ", Code(first.subject))), ("fix", first.remedy)),
        )


def _show_not_asked(hosts: Sequence[AuditReport]) -> Iterator[Block]:
    ids = [check.id for report in hosts for check in report.not_asked]
    if ids:
        rules = ", ".join(f"{id_} ({ids.count(id_)})" for id_ in sorted(set(ids)))
        needs = format_count(len(ids), "check needs", "checks need")
        yield Record((Toned("not asked", Tone.ASIDE), f"{needs} --become:", rules), ())


def _write_totals(report: FleetReport) -> str:
    totals = report.totals
    return (
        f"{totals.hosts} hosts: {count_good(report)}, {totals.not_as_declared} not as declared, "
        f"{totals.incomplete} incomplete · {totals.checks} checks: {totals.holds} hold, {totals.broken} broken, "
        f"{totals.unknown} unknown" + (f", {totals.not_asked} not asked" if totals.not_asked else "")
    )
