"""Where a compose service can have gone: what the registry declares for the host, under every name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtctl.meaning.listeners import DeclaredPort, list_ports
from qtctl.model.desired import Desired, DesiredExternal
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.names import list_spoken_names
from qtctl.model.unit_kinds import UNIT_TABLES, UnitKind

if TYPE_CHECKING:
    from qtctl.model.registry import Registry

Starters = Mapping[str, tuple[DesiredUnit, ...]]
"""Unit → what starts it."""


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """A declared unit: `declared` is its state, `starters` the timers, sockets and paths that start it.

    `ports`: its own, and those that systemd listens on for it.
    """

    name: str
    unit: str
    declared: str
    ports: tuple[DeclaredPort, ...] = ()
    starters: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every unit name that it may have on the host."""
        return (self.unit, *self.aliases)


def map_places(desired: Desired) -> dict[str, tuple[PlaceOf, ...]]:
    """Name → where it leads: of a template to its instances on this host.

    A name that means several units is the service's, else the external's, else the retired one's. Whole unit names and
    aliases never hide a name of the registry. What systemd knows by a whole name goes before what has it as its name in
    the registry: `docker.service` is docker's own where that is declared, else that of the service `docker`.
    """
    found: dict[str, tuple[PlaceOf, ...]] = {}
    for names, those in _list_named(desired):
        for name in names:
            found.setdefault(name, those)
    return found


Named = tuple[Iterable[str], tuple[PlaceOf, ...]]


def _list_named(desired: Desired) -> Iterator[Named]:
    starters = desired.map_starters()
    place = {unit.unit: make_place(unit, starters) for unit in desired.units()}
    templates = [
        (each, tuple(place[unit.unit] for unit in desired.list_instances(each.unit))) for each in desired.templates
    ]
    services = [(unit, (place[unit.unit],)) for unit in desired.services]
    externals = [(unit, (place[unit.unit],)) for unit in desired.externals]
    rest = [(unit, (place[unit.unit],)) for unit in desired.units() if unit.kind is not UnitKind.SERVICE]
    retired_units = [(retired, (PlaceOf(retired.name, retired.unit, "retired"),)) for retired in desired.retired_units]
    yield from (((unit.name,), those) for unit, those in (*services, *externals))
    yield from ((_list_short_names(each), those) for each, those in templates)
    yield from (
        ((retired.name,), those) for retired, those in retired_units if retired.unit.endswith(UnitKind.SERVICE.suffix)
    )
    yield from (((unit.name,), those) for unit, those in rest)
    units = (*services, *externals, *templates, *rest)
    yield from ((_list_whole_names(unit), those) for unit, those in units)
    yield from ((list_unit_names(unit), those) for unit, those in units)
    yield from (((retired.unit, retired.name), those) for retired, those in retired_units)


def list_unit_names(unit: DesiredUnit) -> tuple[str, ...]:
    """The whole names of a unit: as systemd knows it, and its name in the registry with its type."""
    return (*_list_whole_names(unit), *(f"{name}{unit.kind.suffix}" for name in _list_short_names(unit)))


def _list_whole_names(unit: DesiredUnit) -> tuple[str, ...]:
    """As systemd knows it."""
    return (*unit.names, *(unit.aliases if isinstance(unit, DesiredExternal) else ()))


def _list_short_names(unit: DesiredUnit) -> tuple[str, ...]:
    """Its name in the registry; for a template, with and without the `@`."""
    short = unit.name.removesuffix("@")
    return (short, f"{short}@") if unit.is_template else (unit.name,)


def make_place(unit: DesiredUnit, starters: Starters) -> PlaceOf:
    started_by = starters.get(unit.unit, ())
    held = (port for each in started_by if each.kind is UnitKind.SOCKET for port in list_ports(each, starters))
    ports = (*list_ports(unit, starters), *held)
    return PlaceOf(
        unit.name, unit.unit, unit.declared, ports, tuple(each.unit for each in started_by), aliases=unit.names[1:]
    )


def list_declared_elsewhere(registry: "Registry", desired: Desired) -> frozenset[str]:
    """Every name that the registry uses for something, but not on this host."""
    spoken = (
        name
        for kind in (*UNIT_TABLES, "externals")
        for each in getattr(registry, kind)
        for name in list_spoken_names(registry, kind, each)
    )
    return frozenset(spoken) - map_places(desired).keys()
