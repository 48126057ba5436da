"""The units of hosts as `systemctl status` shows one, for every format."""

from collections.abc import Iterator
from functools import partial

from qtctl.model.moments import parse_microseconds
from qtctl.model.unit_status import JournalAccess
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Code,
    Column,
    Paragraph,
    Section,
    Table,
    Text,
    Title,
    Tone,
    Toned,
    Verbatim,
)
from qtctl.reports.phrases import NONE, UNKNOWN, add_hint, format_count, format_size, format_span
from qtctl.reports.unit_status import HostStatus, StatusReport, UnitRow, to_json
from qtctl.reports.view import View

COLUMNS = (
    "unit",
    "state",
    Column("since", whole=True),
    Column("pid", right=True),
    Column("memory", right=True),
    Column("restarts", right=True),
    "declared",
)
JOIN_GROUP = "add it to the group systemd-journal: `usermod -aG systemd-journal {user}`"
_TONES = {"active": Tone.GOOD, "failed": Tone.BAD, "activating": Tone.NOTE, "reloading": Tone.NOTE}


def build_view(report: StatusReport) -> View:
    about = report.hosts[0].address if len(report.hosts) == 1 else report.fleet
    return View(name="status", about=about, json=partial(to_json, report), page=partial(build_page, report))


def build_page(report: StatusReport) -> Blocks:
    if len(report.hosts) == 1:
        host = report.hosts[0]
        return (Title(f"Units of {host.address}"), *_build_host(host), Paragraph(_sum_up(report)))
    sections = (Section(host.address, tuple(_build_host(host))) for host in report.hosts)
    return (Title(f"Units of {report.fleet}"), *sections, Paragraph(_sum_up(report)))


def _sum_up(report: StatusReport) -> Text:
    totals = report.totals
    parts = [f"{format_count(totals.units, 'unit')}: {totals.as_declared} as declared"]
    parts += [f"{totals.not_as_declared} not as declared"] * bool(totals.not_as_declared)
    parts += [f"{totals.unknown} unknown"] * bool(totals.unknown)
    hosts = f" {totals.reached} of {totals.hosts} hosts answered." if totals.hosts > 1 else ""
    return f"{', '.join(parts)}.{hosts}"


def _build_host(host: HostStatus) -> Iterator[Block]:
    if not host.reached:
        yield Paragraph((Toned("not reached", Tone.UNKNOWN), f": {add_hint(host.why, host.hint)}"))
        return
    if not host.units:
        yield Paragraph("Nothing is declared for it.")
        return
    yield Table(COLUMNS, tuple(_make_row(host, row) for row in host.units))
    if host.journal is JournalAccess.DENIED:
        hint = JOIN_GROUP.format(user=host.user)
        yield Paragraph((Toned("journal unknown", Tone.UNKNOWN), f": {host.user} may not read it ({hint})"))
    for row in host.units:
        if row.lines:
            yield Section(("Last lines of ", Code(row.unit)), (Verbatim(row.lines),))


def _make_row(host: HostStatus, row: UnitRow) -> tuple[Text, ...]:
    return (
        row.unit,
        _describe_state(row),
        _describe_since(host, row),
        str(row.main_pid) if row.main_pid is not None else NONE,
        format_size(row.memory_bytes) if row.memory_bytes is not None else NONE,
        str(row.restarts) if row.restarts is not None else NONE,
        _describe_declared(row),
    )


def _describe_state(row: UnitRow) -> Text:
    if row.active is None:
        return (Toned(UNKNOWN, Tone.UNKNOWN), f": {row.reason}")
    if row.load == "not-found":
        runs = row.active != "inactive"
        return Toned(f"{row.active} ({row.sub}), its file is gone" if runs else "not there", Tone.BAD)
    why = f", {row.result}" if row.active == "failed" and row.result not in (None, "success") else ""
    return Toned(f"{row.active} ({row.sub}){why}", _TONES.get(row.active, Tone.ASIDE))


def _describe_since(host: HostStatus, row: UnitRow) -> Text:
    if row.since is None or host.taken_at is None:
        return NONE
    age_s = max(0, parse_microseconds(host.taken_at) - parse_microseconds(row.since)) // 1_000_000
    return f"{row.since[:19].replace('T', ' ')} ({format_span(age_s)})"


def _describe_declared(row: UnitRow) -> Text:
    tone = {True: Tone.GOOD, False: Tone.BAD, None: Tone.UNKNOWN}[row.as_declared]
    return Toned(row.declared, tone) if row.as_declared is not True else row.declared
