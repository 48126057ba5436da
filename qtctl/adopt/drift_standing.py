"""Units that an operator enabled, disabled or masked since the last deploy → what their tables would say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qtctl.meaning.units import is_up
from qtctl.model.adoption import UnitState
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.drift import DriftFate, Edit

_KNOWN = {"enabled": True, "disabled": False, "masked": False}
Standing = tuple[bool, bool | None]


@dataclass(frozen=True, slots=True)
class StandingChange:
    """`wanted`: whether it starts at boot, and whether it must run (None: something else starts it).

    `why`: what prevents its adoption.
    """

    unit: str
    what: str
    where: tuple[str, ...]
    wanted: Standing
    ways: tuple[tuple[Edit, ...], ...] = ()
    fate: DriftFate = DriftFate.LEFT
    why: str = ""


def find_standing_changes(
    desired: Desired,
    deployed: Desired | None,
    states: Mapping[str, UnitState],
    masked: Mapping[str, tuple[str, ...]],
) -> Iterator[StandingChange]:
    """Sorted by unit. A unit that is only stopped is included, with the reason why it is left."""
    before = {unit.unit: unit for unit in deployed.units()} if deployed else {}
    for unit in sorted(desired.units(), key=lambda each: each.unit):
        if unit.generated and not unit.is_template and unit.unit in states:
            yield from _find_change(unit, before.get(unit.unit), states[unit.unit], masked.get(unit.made_by, ()))


def _find_change(
    unit: DesiredUnit, before: DesiredUnit | None, state: UnitState, masks: tuple[str, ...]
) -> Iterator[StandingChange]:
    up, declared = is_up(state.active), find_standing(unit)
    if masks:
        wanted: Standing = (False, False)
        what, where = "masked", masks
    elif state.enabled in _KNOWN and unit.installable:
        enabled = _KNOWN[state.enabled]
        wanted = _make_wanted(declared, enabled=enabled, up=up)
        what, where = ("enabled" if enabled else "disabled"), (f"systemctl is-enabled {unit.unit}",)
    else:
        yield from _find_odd(unit, state, declared)
        return
    if wanted[0] == declared[0] and not masks:
        yield from _find_stopped(unit, state, declared)
        return
    if masks and up:
        why = "it is masked but runs: stop it, or unmask it"
        yield StandingChange(unit.unit, what, where, wanted, why=why)
    elif wanted == declared:
        yield StandingChange(unit.unit, what, where, wanted, fate=DriftFate.DECLARED, why="the registry says so")
    elif before is not None and find_standing(before) != declared:
        why = "the registry says something else since it was deployed: decide, and change one of them"
        yield StandingChange(unit.unit, what, where, wanted, fate=DriftFate.CONFLICT, why=why)
    else:
        yield StandingChange(unit.unit, what, where, wanted, _list_ways(unit, wanted))


def _make_wanted(declared: Standing, *, enabled: bool, up: bool) -> Standing:
    """A unit that was enabled or disabled by hand, and is up or down accordingly."""
    active = declared[1]
    if enabled and not declared[0]:
        return True, True if up and active is False else active
    if not enabled and declared[0]:
        return False, False if not up and active else active
    return declared


def _find_odd(unit: DesiredUnit, state: UnitState, declared: Standing) -> Iterator[StandingChange]:
    if state.enabled.endswith("-runtime"):
        why = "until the next boot only, which no registry can express"
        yield StandingChange(unit.unit, state.enabled, (f"systemctl is-enabled {unit.unit}",), declared, why=why)


def _find_stopped(unit: DesiredUnit, state: UnitState, declared: Standing) -> Iterator[StandingChange]:
    """Stopped by hand or ended: nothing on disk says that it should stay so."""
    if declared[1] and state.active == "inactive":
        why = "it does not run now, and starts at the next boot: disable it as well, or start it"
        yield StandingChange(unit.unit, "stopped", (f"systemctl is-active {unit.unit}",), declared, why=why)


def find_standing(unit: DesiredUnit) -> Standing:
    """Whether it starts at boot, and whether it must run."""
    return unit.must_be_enabled and unit.installable, unit.must_be_active


def _list_ways(unit: DesiredUnit, wanted: Standing) -> tuple[tuple[Edit, ...], ...]:
    """State and `enabled`, in as few keys as possible; an instance has its own."""
    file, path = unit.origin.file, unit.origin.path
    if unit.template:
        path = (*path, "instance", unit.instance)
    state, enabled = Edit(file, (*path, "state"), None), Edit(file, (*path, "enabled"), wanted[0])
    words = ("running", "active") if wanted[1] else ("stopped",)
    no_enabled = Edit(file, (*path, "enabled"), None)
    by_state = tuple((Edit(file, (*path, "state"), word), no_enabled) for word in words)
    both = tuple((Edit(file, (*path, "state"), word), enabled) for word in words)
    return ((enabled,), (state, no_enabled), (no_enabled,), *by_state, *both)
