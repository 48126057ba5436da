"""Where a compose service can have gone: what the registry declares for the host, by name and by alias."""

from dataclasses import dataclass

from qtctl.model.desired import Desired, DesiredExternal, DesiredService
from qtctl.model.desired_unit import Listener


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """A declared unit: `declared` is its state, `timers` the units that start it."""

    name: str
    unit: str
    declared: str
    ports: tuple[Listener, ...] = ()
    timers: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every unit name it may go by on the host."""
        return (self.unit, *self.aliases)


def places(desired: Desired) -> dict[str, PlaceOf]:
    """By name; an alias of an external never hides a name."""
    found: dict[str, PlaceOf] = {}
    for external in desired.externals:
        found |= dict.fromkeys(external.aliases, of_external(external))
    found |= {
        ghost.name: PlaceOf(ghost.name, ghost.unit, "retired")
        for ghost in desired.ghosts
        if ghost.unit.endswith(".service")
    }
    found |= {external.name: of_external(external) for external in desired.externals}
    found |= {service.name: of_service(desired, service) for service in desired.services}
    return found


def of_external(external: DesiredExternal) -> PlaceOf:
    return PlaceOf(external.name, external.unit, external.declared, external.ports, aliases=external.names[1:])


def of_service(desired: Desired, service: DesiredService) -> PlaceOf:
    timers = tuple(timer.unit for timer in desired.timers if timer.starts == service.unit)
    return PlaceOf(service.name, service.unit, service.state.value, service.ports, timers)
