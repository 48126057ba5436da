"""The slices above a service, and the limits that each sets for everything in it."""

from qtctl.dialects.systemd.unit_name import escape, get_prefix, strip_type
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.json import Json

UNLIMITED = 2**64 - 1
ROOT = "-.slice"


def list_slices(service: DesiredService) -> tuple[str, ...]:
    """The slice that it runs in and those above, the nearest first. None if a specifier names it."""
    own = dict(service.settings).get("Slice") or _name_default_slice(service)
    if "%" in own or not own.endswith(".slice"):
        return ()
    parts = strip_type(own).split("-") if own != ROOT else []
    return (*("-".join(parts[:end]) + ".slice" for end in range(len(parts), 0, -1)), ROOT)


def _name_default_slice(service: DesiredService) -> str:
    """An instance runs in a slice named after its template, below system.slice (systemd.special(7))."""
    if service.instance or service.is_template:
        return f"system-{escape(get_prefix(service.unit))}.slice"
    return "system.slice"


def map_foreign_slices(desired: Desired) -> dict[str, tuple[str, ...]]:
    """Slices that the registry does not declare, each with the units of the services in it."""
    declared = {unit.unit for unit in desired.units()}
    found: dict[str, list[str]] = {}
    for service in desired.services:
        for name in list_slices(service):
            if name not in declared:
                found.setdefault(name, []).append(service.unit)
    return {name: tuple(units) for name, units in sorted(found.items())}


def is_a_limit(value: Json) -> bool:
    """For a slice's property as the bus shows it: no limit is infinity, or an empty list."""
    if isinstance(value, list):
        return bool(value)
    return isinstance(value, int) and value != UNLIMITED
