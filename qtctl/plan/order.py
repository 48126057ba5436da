"""The order in which units are started: each after what it names in After=, as far as that is in the plan."""

from collections.abc import Iterable, Mapping

from qtctl.plan.unit_goals import Wish


def start_order(wishes: Iterable[Wish]) -> tuple[str, ...]:
    """Units, dependencies first. Among free ones: services, timers, targets, each by name.

    A cycle (lint reports those) is cut at the first of its units in that order, so that the result is always whole.
    """
    by_unit = {wish.unit: wish for wish in wishes}
    waits = _waits(by_unit)
    left = sorted(by_unit.values(), key=lambda wish: (wish.rank, wish.unit))
    done: dict[str, None] = {}
    while left:
        free = next((wish for wish in left if waits[wish.unit] <= done.keys()), left[0])
        done[free.unit] = None
        left.remove(free)
    return tuple(done)


def _waits(by_unit: Mapping[str, Wish]) -> dict[str, set[str]]:
    """Unit → the units it waits for. A target waits for its members, as systemd's own default ordering has it."""
    waits = {unit: {other for other in wish.after if other in by_unit} for unit, wish in by_unit.items()}
    for wish in by_unit.values():
        for other in wish.before:
            if other in waits:
                waits[other].add(wish.unit)
    for wish in by_unit.values():
        for target in wish.wanted_by:
            if target in waits and target not in wish.after:
                waits[target].add(wish.unit)
    return waits
