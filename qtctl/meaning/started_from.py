"""What a process was started from, and what of that has changed since: only a restart makes it current."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.facts import Unit
from qtctl.model.unit_kinds import UnitKind

_APPLIED_BY_RELOAD = frozenset({UnitKind.TIMER, UnitKind.SLICE, UnitKind.TARGET})
"""At every daemon-reload systemd recomputes a timer's next run, and sets a slice's limits again."""


@dataclass(frozen=True, slots=True)
class Changed:
    """`path` has changed at `at_us`, microseconds since the epoch, since the process was started."""

    path: str
    at_us: int


def map_dropins(desired: Desired) -> dict[str, list[str]]:
    """Unit → the drop-ins that are declared for it."""
    found: dict[str, list[str]] = {}
    for each in desired.dropins:
        found.setdefault(each.unit, []).append(each.path)
    return found


def list_config_files(unit: DesiredUnit, file: str, dropins: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Files whose content mattered when the unit was started: its unit file, drop-ins, env files and credentials."""
    if unit.kind in _APPLIED_BY_RELOAD:
        return ()
    read = (unit.env_file, unit.secrets_file) if isinstance(unit, DesiredService) else ()
    credentials = (path for _, path in unit.credentials) if isinstance(unit, DesiredService) else ()
    return (file, *dropins.get(unit.unit, ()), *(path for path in (*read, *credentials) if path))


def find_start_us(unit: Unit) -> int:
    """When its process was started, in microseconds since the epoch; 0 if none runs."""
    if not unit.main_pid or unit.active_state not in ("active", "reloading", "refreshing"):
        return 0
    return unit.exec_main_start_timestamp


def list_newer(changed: Iterable[Changed], started: int) -> tuple[Changed, ...]:
    """Those that changed after the process was started, the newest first."""
    return tuple(sorted((each for each in changed if each.at_us > started), key=lambda each: -each.at_us))
