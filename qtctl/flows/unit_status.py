"""How the units of one host are, and what they last wrote to the journal."""

from collections.abc import Sequence
from shlex import join

from qtctl.collect.collect import collect
from qtctl.dialects import terminal
from qtctl.dialects.lines import split_lines
from qtctl.errors import HostError
from qtctl.flows.units_question import UnitsQuestion
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host, Running
from qtctl.model.facts import Facts
from qtctl.model.unit_status import HostLook, JournalAccess
from qtctl.remote.scripts import read_script

MOST_LINES = 1000
_READ_S = 30.0


def look_at_units(host: Host, question: UnitsQuestion, clock: Clock) -> HostLook:
    """HostError if the host could not be asked at all."""
    reading = _start_reading(host, question.units, question.lines) if question.lines else None
    facts = Facts.of(collect(host, question.inquiry, clock, deadline_s=_READ_S))
    access, found = _finish_reading(reading)
    return HostLook(host.address, question.units, facts, journal=access, lines=found, user=host.user)


def _start_reading(host: Host, units: Sequence[str], lines: int) -> Running | None:
    script = f"{read_script('last_lines.sh')}{join(('tell_last_lines', str(min(lines, MOST_LINES)), *units))}\n"
    try:
        return host.start(script, attached=True)
    except HostError:
        return None


def _finish_reading(reading: Running | None) -> tuple[JournalAccess, dict[str, tuple[str, ...]]]:
    if reading is None:
        return JournalAccess.NOT_ASKED, {}
    try:
        done = reading.finish(_READ_S)
    except HostError:
        return JournalAccess.NOT_ASKED, {}
    return read_lines(done.stdout)


def read_lines(stdout: bytes) -> tuple[JournalAccess, dict[str, tuple[str, ...]]]:
    """Unit → its lines, oldest first."""
    head, *rows = split_lines(stdout.decode("utf-8", "replace"))[:] or [""]
    if head != "readable":
        return (JournalAccess.DENIED if head == "denied" else JournalAccess.NOT_ASKED), {}
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for row in rows:
        if row.startswith("unit "):
            current = found.setdefault(row.removeprefix("unit "), [])
        elif row.startswith(" "):
            current.append(terminal.show_line(row.removeprefix(" ")))
    return JournalAccess.READ, {unit: tuple(lines) for unit, lines in found.items()}
