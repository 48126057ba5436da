"""Which targets must not pull in a unit: those of an old [Install], whose links still exist."""

from collections.abc import Iterable, Mapping

from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.facts import Unit
from qtctl.model.unit_kinds import UnitKind

OF_SYSTEMD = frozenset(
    f"{name}.target"
    for name in ("multi-user", "graphical", "timers", "sockets", "paths", "basic", "sysinit", "network-online")
)
"""Targets whose own files name no unit of a fleet: only links make them want one."""


_ALSO_CALLED = {
    "default.target": ("graphical.target", "multi-user.target"),
    **{f"runlevel{level}.target": ("multi-user.target",) for level in (2, 3, 4)},
    "runlevel5.target": ("graphical.target",),
}
"""Other names of systemd's targets → their real names; for default.target, its usual ones."""


def find_unwanted_pullers(desired: Desired) -> Mapping[str, frozenset[str]]:
    """Generated unit → the targets that neither it nor they themselves declare to pull it in.

    A target with a drop-in of the registry is not among them: that may name the unit.
    """
    units = [each for each in desired.units() if each.generated]
    targets = {each.unit: each for each in units if each.kind is UnitKind.TARGET}
    known = (OF_SYSTEMD | targets.keys()) - {each.unit for each in desired.dropins}
    return {each.unit: known - _list_declared(each, targets.values()) for each in units}


def find_left_pullers(found: Unit, unwanted: frozenset[str]) -> tuple[str, ...]:
    """Those that systemd still has. For a unit enabled until the next boot, only its links disappear then."""
    if found.unit_file_state == "enabled-runtime":
        return ()
    return tuple(sorted(unwanted.intersection((*(found.wanted_by or ()), *(found.required_by or ())))))


def _list_declared(unit: DesiredUnit, targets: Iterable[DesiredUnit]) -> frozenset[str]:
    """systemd shows a puller by its own name, whichever name [Install] uses."""
    targets = tuple(targets)
    own = {*unit.wanted_by, *(name for directive, name in unit.install if directive in ("RequiredBy", "UpheldBy"))}
    named = (target for name in own for target in _ALSO_CALLED.get(name, ()))
    aliased = (each.unit for each in targets if own & set(each.names))
    naming = (each.unit for each in targets if set(unit.names) & {*each.wants, *each.requires, *_list_upheld(each)})
    return frozenset((*own, *named, *aliased, *naming))


def _list_upheld(unit: DesiredUnit) -> tuple[str, ...]:
    return tuple(value for directive, value in unit.unit_settings if directive in ("Upholds", "Requisite"))
