"""How the units of one host are, and what they last wrote to the journal."""

from collections.abc import Sequence
from dataclasses import replace
from shlex import join

from qtctl.collect.collect import collect
from qtctl.dialects import terminal
from qtctl.dialects.lines import split_lines
from qtctl.errors import HostError
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host, Running
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.inquiry import build_inquiry
from qtctl.model.unit_status import HostLook, JournalAccess
from qtctl.remote.scripts import read_script

TASKS = ("Service", "TasksCurrent")
LINES_OF = 10
"""Of how many units the journal is read: each takes the host some 20 ms."""
MOST_LINES = 1000
_READ_S = 30.0


def look_at_units(host: Host, desired: Desired, units: Sequence[str], lines: int, clock: Clock) -> HostLook:
    """`lines`: of each unit's journal, 0 for none; they are read for at most LINES_OF units.

    HostError if the host could not be asked at all.
    """
    reading = _start_reading(host, units, lines) if lines and len(units) <= LINES_OF else None
    needs = tuple(Need(Unit.FACT, unit) for unit in units)
    properties = {unit: (TASKS,) for unit in units if unit.endswith(".service")}
    asked = build_inquiry(desired, needs, properties=properties)
    facts = Facts.of(collect(host, replace(asked, named_only=True), clock, deadline_s=_READ_S))
    access, found = _finish_reading(reading)
    return HostLook(host.address, tuple(units), facts, journal=access, lines=found, user=host.user)


def _start_reading(host: Host, units: Sequence[str], lines: int) -> Running | None:
    script = f"{read_script('last_lines.sh')}{join(('tell_last_lines', str(min(lines, MOST_LINES)), *units))}\n"
    try:
        return host.start(script)
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
