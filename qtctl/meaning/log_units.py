"""Whose lines are meant: services, targets and units of one host, by the names that an operator uses."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from qtctl.dialects.endpoints import TAG_SIGN
from qtctl.errors import InputError
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.log_line import Units


def choose_units(hosts: Iterable[Desired], wanted: Iterable[str]) -> dict[str, Units]:
    """Host → its units whose lines are wanted; a host without any is left out.

    `wanted`: services, instances, targets (for all services in them), other units, with or without their type, and
    tags of hosts with their sign, for all services of the hosts that carry one. Nothing: all services. InputError for
    a name that means nothing on any of the hosts.
    """
    every, names = tuple(hosts), tuple(dict.fromkeys(wanted))
    for name in names:
        if not any(_find(desired, name) for desired in every):
            raise _make_unknown(every, name)
    chosen = {desired.host: dict(_choose(desired, names)) for desired in every}
    return {host: units for host, units in chosen.items() if units}


def _choose(desired: Desired, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    found = [each for name in names for each in _find(desired, name)] if names else list(desired.services)
    for each in found:
        yield from ((unit, each.name) for unit in each.names)


def _find(desired: Desired, name: str) -> list[DesiredUnit]:
    if name.startswith(TAG_SIGN):
        return list(desired.services) if name.removeprefix(TAG_SIGN) in desired.tags else []
    units = desired.units()
    if targets := [each for each in desired.targets if name in (each.name, each.unit)]:
        held = {name for each in targets for name in (each.name, each.unit)}
        return [*targets, *(each for each in units if isinstance(each, DesiredService) and held & _list_targets(each))]
    template = [each for each in desired.generated_units() if each.is_template and name in (each.name, each.unit)]
    if template:
        return [instance for each in template for instance in desired.list_instances(each.unit)]
    services: list[DesiredUnit] = [each for each in desired.services if name == each.name]
    return services or [each for each in units if name in (each.name, *each.names)]


def _list_targets(service: DesiredService) -> frozenset[str]:
    return frozenset((service.target, *service.part_of))


def _make_unknown(hosts: tuple[Desired, ...], name: str) -> InputError:
    tags = {f"{TAG_SIGN}{tag}" for desired in hosts for tag in desired.tags}
    known = {each.name for desired in hosts for each in desired.units()} | tags
    near = get_close_matches(name, sorted(known), n=1)
    where = hosts[0].host if len(hosts) == 1 else f"any of the {len(hosts)} hosts"
    hint = f"did you mean {near[0]}?" if near else "`qtctl list` shows what is declared"
    return InputError(f"{name}: no service, target or unit of that name is declared for {where}", hint=hint)
