"""Whether the services of a host have been up for long enough, without a restart, to be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qtctl.meaning.units import get_start_us
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.states import ServiceState

STEADY_S = 10.0
_S = 1_000_000
RESTART_DELAYS = 2
"""How many of its restart delays a service must survive."""

Start = tuple[int, int]
"""How often systemd restarted a unit, and when its process started (microseconds since the epoch)."""


@dataclass
class Steadiness:
    """Counted from each service's last start: one that has been up for long is steady at the first look.

    `moving`: services that started again while they were watched.
    """

    steady_s: float
    restart_delays: int = RESTART_DELAYS
    moving: tuple[str, ...] = ()
    left_s: float = 0.0
    _first: dict[str, Start] = field(default_factory=dict)
    _seen: dict[str, tuple[Start, float]] = field(default_factory=dict)

    def see(self, desired: Desired, facts: Facts, now_s: float) -> None:
        """`now_s`: monotonic seconds, for hosts whose clock makes no sense."""
        self.see_starts(list_starts(desired, facts), facts, now_s)

    def see_starts(self, starts: Mapping[str, Start], facts: Facts, now_s: float) -> None:
        """`starts`: of the services that must be steady."""
        for name, start in starts.items():
            self._first.setdefault(name, start)
            if self._seen.get(name, (None, 0.0))[0] != start:
                self._seen[name] = start, now_s
        self.moving = tuple(sorted(name for name, start in starts.items() if start != self._first[name]))
        self.left_s = max((self._compute_left_s(facts, name, now_s) for name in starts), default=0.0)

    @property
    def steady(self) -> bool:
        return self.left_s <= 0

    def _compute_left_s(self, facts: Facts, name: str, now_s: float) -> float:
        """How much longer the service must stay up, in seconds."""
        unit = facts.read(Unit, name)
        if unit is None:
            return 0.0
        (_, started), since = self._seen[name]
        age_s = (facts.asked_us(Need(Unit.FACT, name)) - started) / _S if started else 0.0
        up_s = age_s if age_s > 0 else now_s - since
        return self._compute_wanted_s(unit) - up_s

    def _compute_wanted_s(self, unit: Unit) -> float:
        delay = (unit.loaded or {}).get("RestartUSec")
        return max(self.steady_s, self.restart_delays * delay / _S if isinstance(delay, int) else 0.0)


def list_starts(desired: Desired, facts: Facts) -> dict[str, Start]:
    """Starts of services declared running, except those whose unit is unknown: their checks keep the gate closed."""
    found = {}
    for service in desired.services:
        known = facts.find_item(Need(Unit.FACT, service.unit)).state.known
        if service.state is ServiceState.RUNNING and known:
            unit = facts.read(Unit, service.unit)
            found[service.unit] = (unit.n_restarts, get_start_us(unit)) if unit else (0, 0)
    return found


def start_of(facts: Facts, unit: str) -> Start:
    """(0, 0) if nothing is known."""
    found = facts.find(Unit, unit)
    return (found.n_restarts, get_start_us(found)) if found else (0, 0)
