"""Parity on a screen of 80 columns: counts by dimension, what is wrong or unknown, and details on request."""

from collections.abc import Iterable, Iterator

from qtctl.dialects.wording import count_more
from qtctl.parity.rows import ParityVerdict
from qtctl.reports.blocks import TONES, Block, Blocks, Code, Paragraph, Record, Section, Table, Text, Tone, Toned, join
from qtctl.reports.parity import FileParity, ParityDocument, ParityFinding, ServiceRow
from qtctl.reports.parity_page import (
    VERDICTS,
    format_declared,
    format_listening,
    format_state,
    list_findings,
    list_unknown,
    write_headline,
    write_uncompared,
)
from qtctl.reports.parity_settings import SettingRow
from qtctl.reports.parity_tables import show_dimensions
from qtctl.reports.phrases import format_count
from qtctl.rules.setting_fates import Fate

FIRST = 20
"""How many findings of a file, and reasons for unknowns, are shown unless all are asked for."""
MAPPING_HEADS = ("service", "disposition", "unit", "state", "verdict")
_TONES = {
    ParityVerdict.PARITY: Tone.GOOD,
    ParityVerdict.GAP: Tone.BAD,
    ParityVerdict.NO_DISPOSITION: Tone.BAD,
    ParityVerdict.UNKNOWN: Tone.UNKNOWN,
    ParityVerdict.GONE: Tone.ASIDE,
}


def build_screen(report: ParityDocument, *, verbose: bool = False, service: str = "") -> Iterator[Block]:
    """`service`: only this one, with all its settings. `verbose`: all services, with theirs."""
    taken = f"evidence of {report.taken_at}" if report.taken_at else "no evidence: nothing can hold"
    yield Paragraph(write_headline(VERDICTS[report.verdict], report.totals))
    yield Paragraph(f"Host {report.host}, {taken}.")
    if report.unreachable:
        yield Paragraph(f"Nothing could be asked: {report.unreachable}")
    yield from write_uncompared(report)
    if not service:
        yield from show_dimensions(report.dimensions)
    for file in report.files:
        shown = _show_file(file, report.unreachable, verbose=verbose, service=service)
        yield Section(Code(file.file), tuple(shown))
    if report.new_services and not service:
        names = ", ".join(each.name for each in report.new_services)
        yield Section("New services, which no file has", (Paragraph(names),))
    if not verbose and not service:
        yield Paragraph(Toned("Every setting: --verbose; those of one service: --service NAME.", Tone.ASIDE))


def _show_file(file: FileParity, unreachable: str | None, *, verbose: bool, service: str) -> Iterator[Block]:
    rows = [row for row in file.services if service in ("", row.service)]
    yield Table(MAPPING_HEADS, tuple(map(_make_cells, rows)))
    if verbose or service:
        for row in rows:
            yield Section((Code(row.service), f": {row.verdict.value}"), tuple(_show_service(row)))
        yield from map(_show_finding, file.findings if not service else ())
        return
    findings = list_findings(file)
    yield from _cut("Findings", [_write_finding(each) for each in findings])
    yield from _cut("Unknown", [Paragraph(each, hang=4) for each in list_unknown(file, unreachable)])


def _cut(title: str, found: list[Paragraph]) -> Blocks:
    rest = len(found) - FIRST
    more = (Paragraph(f"{count_more(rest)}: --verbose"),) if rest > 0 else ()
    return (Section(title, (*found[:FIRST], *more)),) if found else ()


def _make_cells(row: ServiceRow) -> tuple[Text, ...]:
    return (
        Code(row.service),
        row.disposition.value if row.disposition else "none",
        join(Code(unit.unit or unit.name) for unit in row.units) or ", ".join(row.to),
        join(format_state(unit) for unit in row.units),
        Toned(row.verdict.value, _TONES[row.verdict]),
    )


def _write_finding(finding: ParityFinding) -> Paragraph:
    """One line, or a few: what was, and what is."""
    severity = Toned(finding.severity.value, TONES[finding.severity.value])
    item = finding.subject.removeprefix(f"compose:{finding.service} ")
    subject = Code(item if item.startswith(f"compose:{finding.service}") else f"{finding.service} {item}".strip())
    told = f": {finding.expected} → {finding.observed} ({finding.place})"
    waived = f" ({finding.waived})" if finding.waived else ""
    return Paragraph((severity, f" {finding.id} ", subject, told, waived), hang=4)


def _show_service(row: ServiceRow) -> Iterator[Block]:
    if row.why:
        yield Paragraph(f"{row.disposition.value if row.disposition else ''}: {row.why}")
    for port in row.ports:
        fields: tuple[tuple[str, Text], ...] = (
            ("declared", format_declared(port)),
            ("listens", format_listening(port)),
            ("", port.reason),
        )
        yield Record(("port ", Code(port.compose)), fields)
    for part in row.dimensions:
        if part.settings:
            counts = f"{part.dimension.value}: {part.counts.kept} of {part.counts.settings} kept or accepted"
            body = [_write_setting(each) for each in part.settings if each.fate is not Fate.NOT_APPLICABLE]
            aside = part.counts.by_fate[Fate.NOT_APPLICABLE]
            if aside:
                body.append(Paragraph(Toned(f"{format_count(aside, 'setting')} about containers alone", Tone.ASIDE)))
            yield Section(counts, tuple(body))
    yield from map(_show_finding, row.findings)


_FATE_TONES = {
    Fate.KEPT: Tone.GOOD,
    Fate.CHANGED: Tone.NOTE,
    Fate.DIFFERS: Tone.WARNING,
    Fate.LOST: Tone.BAD,
    Fate.UNKNOWN: Tone.UNKNOWN,
}


def _write_setting(found: SettingRow) -> Paragraph:
    fate = Toned(found.fate.value, _FATE_TONES.get(found.fate, Tone.ASIDE))
    then = found.then if found.then != found.item else ""
    sides = f"{then} → {found.now}" if then and found.now and then != found.now else then or found.now
    told = f": {sides}" if sides else ""
    return Paragraph((fate, " ", Code(found.item), told, f" ({found.reason})" if found.reason else ""), hang=4)


def _show_finding(finding: ParityFinding) -> Record:
    severity = Toned(finding.severity.value, TONES[finding.severity.value])
    head = (severity, finding.id, Code(finding.subject), finding.place)
    fields = (("", finding.title), ("expected", finding.expected), ("observed", finding.observed),
              ("fix", finding.remedy), *((("", finding.waived),) if finding.waived else ()))  # fmt: skip
    proofs: Iterable[tuple[str, Text]] = (("proof", (Code(each.again), " → ", each.line)) for each in finding.proof)
    return Record(head, (*fields, *proofs))
