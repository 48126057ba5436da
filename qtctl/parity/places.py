"""Where a compose service can have gone: what the registry declares for the host, by name and by alias."""

from dataclasses import dataclass

from qtctl.model.desired import Desired, DesiredService, Listener


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """A declared unit: `declared` is its state, `timers` the units that start it."""

    name: str
    unit: str
    declared: str
    ports: tuple[Listener, ...] = ()
    timers: tuple[str, ...] = ()


def places(desired: Desired) -> dict[str, PlaceOf]:
    """By name; an alias of an external never hides a name."""
    found: dict[str, PlaceOf] = {}
    for external in desired.externals:
        place = PlaceOf(external.name, external.unit, "running" if external.running else "stopped", external.ports)
        found |= dict.fromkeys(external.aliases, place)
    found |= {
        ghost.name: PlaceOf(ghost.name, ghost.unit, "retired")
        for ghost in desired.ghosts
        if ghost.unit.endswith(".service")
    }
    for external in desired.externals:
        state = "running" if external.running else "stopped"
        found[external.name] = PlaceOf(external.name, external.unit, state, external.ports)
    found |= {service.name: of_service(desired, service) for service in desired.services}
    return found


def of_service(desired: Desired, service: DesiredService) -> PlaceOf:
    timers = tuple(timer.unit for timer in desired.timers if timer.service_unit == service.unit)
    return PlaceOf(service.name, service.unit, service.state.value, service.ports, timers)
