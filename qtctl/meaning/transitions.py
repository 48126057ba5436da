"""How long a unit may be starting or stopping, and whether it has taken longer."""

from collections.abc import Mapping
from enum import StrEnum

from qtctl.dialects.systemd.timespan import INFINITY, parse_microseconds
from qtctl.errors import InputError
from qtctl.meaning.units import is_awaiting_restart
from qtctl.model.desired import DesiredService
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.facts import Unit
from qtctl.model.unit_kinds import UnitKind

DEFAULT_TIMEOUT_US = 90_000_000
"""systemd's shipped DefaultTimeoutStartSec= and DefaultTimeoutStopSec=."""
GRACE_US = 15_000_000
"""Between a timeout and the end of what systemd does then."""
_TIMED = frozenset((UnitKind.SERVICE, UnitKind.SOCKET, UnitKind.MOUNT, UnitKind.SWAP))


class Transition(StrEnum):
    """As systemd names the state; a unit that waits for its next start is not in transition."""

    ACTIVATING = "activating"
    RELOADING = "reloading"
    DEACTIVATING = "deactivating"


_DIRECTIVES: Mapping[Transition, tuple[str, ...]] = {
    Transition.ACTIVATING: ("TimeoutStartSec", "TimeoutSec"),
    Transition.RELOADING: ("TimeoutStartSec", "TimeoutSec"),
    Transition.DEACTIVATING: ("TimeoutStopSec", "TimeoutSec"),
}


def find_transition(unit: Unit) -> Transition | None:
    """None if the unit is in a state that may last."""
    if unit.active_state not in tuple(Transition) or is_awaiting_restart(unit):
        return None
    return Transition(unit.active_state)


def find_longest_us(declared: DesiredUnit, way: Transition, otherwise_us: int) -> int:
    """How long the unit may take, by its file or systemd's defaults; `otherwise_us` if nothing limits it."""
    if isinstance(declared, DesiredService):
        pairs = dict((*declared.settings, *declared.restart, *declared.limits))
        given = next((pairs[key] for key in _DIRECTIVES[way] if key in pairs), None)
        if given is not None:
            return _parse_limit(given, otherwise_us)
        if declared.type == "oneshot" and way is Transition.ACTIVATING:
            return otherwise_us
    return DEFAULT_TIMEOUT_US if declared.kind in _TIMED else otherwise_us


def _parse_limit(text: str, otherwise_us: int) -> int:
    try:
        span = parse_microseconds(text)
    except InputError:
        return otherwise_us  # a specifier, or what systemd ignores
    return otherwise_us if span in (0, INFINITY) else span


def measure_stuck_us(unit: Unit, longest: int, now_us: int) -> int:
    """How long the unit has been in transition if that is too long; else 0."""
    if find_transition(unit) is None or not unit.state_change_timestamp:
        return 0
    lasted = now_us - unit.state_change_timestamp
    return lasted if lasted > longest + GRACE_US else 0
