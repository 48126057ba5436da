"""What systemd stops, restarts or starts along with a unit, as described in systemd.unit(5).

For units that qtctl writes, the new file decides; for any other unit, and for a stop with the old definition, what
systemd has loaded decides. Units that nobody declares are named by the units that they depend on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qtctl.meaning.units import is_up
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.plan import Dragged, Effect
from qtctl.plan.unit_goals import UnitGoal

STOPPED_WITH = {
    "RequiredBy": "Requires",
    "RequisiteOf": "Requisite",
    "BoundBy": "BindsTo",
    "ConsistsOf": "PartOf",
    "PropagatesStopTo": "StopPropagatedFrom",
}
"""Property of the unit that stops → the directive of the unit that stops with it (unit-dependency-atom.c)."""
NOT_RESTARTED = frozenset(("PropagatesStopTo",))
UPHELD_BY = "UpheldBy"
PULLED_BY = tuple(("Unit", name) for name in (*STOPPED_WITH, UPHELD_BY))
"""Interface and name of the properties to ask for."""


@dataclass(frozen=True, slots=True)
class Ties:
    """Which units depend on which. `old`: as loaded by systemd, for units that qtctl writes as well."""

    facts: Facts
    goals: Mapping[str, UnitGoal]

    def list_drags(self, unit: str, effect: Effect, *, old: bool = False) -> tuple[Dragged, ...]:
        """The running units that go with `unit`, directly or through another one, in the order found."""
        found: dict[str, Dragged] = {}
        left = [unit]
        while left:
            name = left.pop(0)
            for each in self._find_direct(name, effect, old=old):
                if each.unit != unit and each.unit not in found and self.is_up(each.unit):
                    found[each.unit] = each
                    left.append(each.unit)
        return tuple(found.values())

    def list_starts(self, goal: UnitGoal) -> tuple[Dragged, ...]:
        """The units that are down and that a start of `goal` also starts."""
        return tuple(
            Dragged(name, Effect.STARTS, f"{directive}= of {goal.unit}", name in self.goals)
            for name, directive in goal.pulls.items()
            if (found := self._find_unit(name)) is not None and not is_up(found.active_state)
        )

    def list_upholders(self, unit: str) -> tuple[str, ...]:
        """The running units that make systemd start it again at once."""
        return tuple(name for name in self.read_loaded(unit, UPHELD_BY) if self.is_up(name))

    def list_unseen(self, unit: str) -> Iterator[str]:
        """Units that go with `unit` and whose state was not asked for; itself if nobody asked what goes with it."""
        if (
            self.facts.was_asked(Need(Unit.FACT, unit))
            and self._find_unit(unit) is not None
            and not self._was_asked(unit)
        ):
            yield unit
        for name in (*STOPPED_WITH, UPHELD_BY):
            for each in self.read_loaded(unit, name):
                if not self.facts.was_asked(Need(Unit.FACT, each)):
                    yield each

    def read_loaded(self, unit: str, name: str) -> tuple[str, ...]:
        """What systemd has in a property; nothing if it was not asked, or does not know the property."""
        found = self._find_unit(unit)
        value = (found.loaded or {}).get(name) if found is not None else None
        return tuple(sorted(str(each) for each in value)) if isinstance(value, list) else ()

    def is_up(self, unit: str) -> bool:
        """A unit with an unknown state counts as up: the plan must say that it may be dragged along."""
        if not self.facts.find_item(Need(Unit.FACT, unit)).state.known:
            return True
        found = self._find_unit(unit)
        return found is not None and is_up(found.active_state)

    def _find_unit(self, name: str) -> Unit | None:
        return self.facts.read(Unit, name) if self.facts.find_item(Need(Unit.FACT, name)).state.known else None

    def _find_direct(self, name: str, effect: Effect, *, old: bool) -> Iterator[Dragged]:
        for property_, directive in STOPPED_WITH.items():
            if effect is Effect.RESTARTS and property_ in NOT_RESTARTED:
                continue
            for unit in self.read_loaded(name, property_):
                if old or unit not in self.goals:
                    yield Dragged(unit, effect, f"{directive}={name}", unit in self.goals)
        if not (old and self._was_asked(name)):
            yield from self._find_declared(name, effect)

    def _find_declared(self, name: str, effect: Effect) -> Iterator[Dragged]:
        for goal in self.goals.values():
            directive = goal.ties.get(name)
            if directive is not None:
                yield Dragged(goal.unit, effect, f"{directive}={name}", declared=True)

    def _was_asked(self, name: str) -> bool:
        found = self._find_unit(name)
        return found is not None and "RequiredBy" in (found.loaded or {})
