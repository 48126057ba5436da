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


def list_stages(goals: Iterable[UnitGoal]) -> tuple[tuple[str, ...], ...]:
    """Units by when they can start: none waits for another of its stage. Each stage is in the order of `start_order`.

    A unit of a cycle waits only for those before it in that order.
    """
    every = tuple(goals)
    waits, order = _map_waits({goal.unit: goal for goal in every}), start_order(every)
    stage: dict[str, int] = {}
    for unit in order:
        stage[unit] = 1 + max((stage[other] for other in waits[unit] if other in stage), default=-1)
    numbers = range(max(stage.values(), default=-1) + 1)
    return tuple(tuple(unit for unit in order if stage[unit] == number) for number in numbers)
