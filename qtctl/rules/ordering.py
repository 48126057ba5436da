"""What systemd orders implicitly, and which units can never be started together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qtctl.rules.view import Unit, View

_BY_SYSTEMD = frozenset({"sysinit.target", "basic.target", "shutdown.target", "system.slice", "-.slice"})
_JOURNAL = frozenset({"systemd-journald.socket", "systemd-journald.service"})
"""Ordered before every service whose output goes to the journal."""
_BUS = "dbus.socket"
_PULLED = ("Wants", "Requires", "BindsTo", "Upholds")
_PULLED_BY = ("WantedBy", "RequiredBy", "UpheldBy")


@dataclass(frozen=True, slots=True)
class Ordering:
    """The order that follows from a host's units. `pullers`: unit → units that start it along with them.

    `pulls`: unit → units that it starts along with it; `after`: unit → units that it explicitly starts after;
    `sockets`: service → sockets that start it.
    """

    pullers: Mapping[str, frozenset[str]]
    pulls: Mapping[str, frozenset[str]]
    after: Mapping[str, frozenset[str]]
    sockets: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, view: View) -> "Ordering":
        pulls: dict[str, set[str]] = {}
        after: dict[str, set[str]] = {}
        sockets: dict[str, set[str]] = {}
        for unit in view.units:
            pulls.setdefault(unit.name, set()).update(*(unit.all("Unit", key) for key in _PULLED))
            after.setdefault(unit.name, set()).update(unit.all("Unit", "After"))
            for puller in (name for key in _PULLED_BY for name in unit.all("Install", key)):
                pulls.setdefault(puller, set()).add(unit.name)
            for later in unit.all("Unit", "Before"):
                after.setdefault(later, set()).add(unit.name)
            if unit.name.endswith(".socket"):
                sockets.setdefault(unit.last("Socket", "Service"), set()).add(unit.name)
        pullers: dict[str, set[str]] = {}
        for puller, those in pulls.items():
            for name in those:
                pullers.setdefault(name, set()).add(puller)
        return cls(*(_map_frozen(each) for each in (pullers, pulls, after, sockets)))

    def is_implied(self, unit: Unit, name: str) -> bool:
        """Whether a unit that requires `name` starts after it anyway, or must not: a target waits for its members."""
        if name in _BY_SYSTEMD or name in _list_own(unit) or name in self.sockets.get(unit.name, ()):
            return True
        if name in _JOURNAL or (name == _BUS and unit.last("Service", "Type") == "dbus"):
            return True
        return self._is_target_of(unit.name, name) or self._is_implied_through_others(unit.name, name)

    def _is_target_of(self, unit: str, name: str) -> bool:
        """A target that starts the unit, itself or through other targets."""
        return name.endswith(".target") and name in _list_reached(
            unit, self.pullers, lambda each: each.endswith(".target")
        )

    def _is_implied_through_others(self, unit: str, name: str) -> bool:
        """Whether it starts after a unit that it starts along with it, and which starts after `name`."""
        between = self.pulls.get(unit, frozenset())
        return name in _list_reached(unit, self.after, between.__contains__)


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Units that stop each other: they are never started together, so an order between them closes no cycle."""

    pairs: frozenset[frozenset[str]]

    @classmethod
    def of(cls, units: Mapping[str, Unit]) -> "Conflicts":
        found = (frozenset({unit.name, other}) for unit in units.values() for other in unit.all("Unit", "Conflicts"))
        return cls(frozenset(pair for pair in found if len(pair) > 1 and pair <= units.keys()))

    def find_within(self, cycle: tuple[str, ...]) -> tuple[str, ...]:
        """Two units of a cycle that conflict, by name; () if none do."""
        members = frozenset(cycle)
        return min((tuple(sorted(each)) for each in self.pairs if each <= members), default=())


def _list_own(unit: Unit) -> frozenset[str]:
    """Units that a service names elsewhere and is ordered after because of that: its sockets, its slice."""
    stem = unit.name.rpartition(".")[0]
    return frozenset({f"{stem}.socket", unit.last("Service", "Slice"), *unit.all("Service", "Sockets")} - {""})


def _list_reached(start: str, edges: Mapping[str, frozenset[str]], goes_on: Callable[[str], bool]) -> frozenset[str]:
    found: set[str] = set()
    queue = [start]
    for name in queue:
        for each in edges.get(name, frozenset()) - found:
            found.add(each)
            if goes_on(each):
                queue.append(each)
    return frozenset(found)


def _map_frozen(edges: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(those) for name, those in edges.items()}
