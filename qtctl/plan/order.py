"""The order in which units are started: each after what it names in After=, as far as that is in the plan."""

from collections.abc import Iterable, Mapping

from qtctl.plan.unit_goals import UnitGoal


def start_order(goals: Iterable[UnitGoal]) -> tuple[str, ...]:
    """Units, dependencies first. Units that wait for nothing: services, then timers, then targets, each by name.

    A cycle (lint reports those) is cut at the first of its units in that order, so that the result is always whole.
    """
    by_unit = {goal.unit: goal for goal in goals}
    waits = _map_waits(by_unit)
    left = sorted(by_unit.values(), key=lambda goal: (goal.rank, goal.unit))
    done: dict[str, None] = {}
    while left:
        free = next((goal for goal in left if waits[goal.unit] <= done.keys()), left[0])
        done[free.unit] = None
        left.remove(free)
    return tuple(done)


def _map_waits(by_unit: Mapping[str, UnitGoal]) -> dict[str, set[str]]:
    """Unit → the units it waits for. A target waits for its members: that is systemd's default ordering."""
    waits = {unit: {other for other in goal.after if other in by_unit} for unit, goal in by_unit.items()}
    for goal in by_unit.values():
        for other in goal.before:
            if other in waits:
                waits[other].add(goal.unit)
    for goal in by_unit.values():
        for target in goal.wanted_by:
            if target in waits and target not in goal.after:
                waits[target].add(goal.unit)
    return waits
