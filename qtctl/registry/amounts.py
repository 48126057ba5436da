"""The size of an expanded registry: each service on each of its hosts, each time with the defaults.

Everything else takes time in proportion to the files. This grows with the product of two of them, so it has a limit.
"""

from collections.abc import Iterator, Mapping

from qtctl.model.origin import Origin
from qtctl.model.placement import Placement
from qtctl.model.registry import Registry
from qtctl.model.unit_kinds import UNIT_TABLES
from qtctl.rules.problem import Problem

MAX_UNITS = 50_000
"""Services, and instances of units of any type, on all hosts together."""
MAX_BYTES = 100_000_000
"""Bytes of the files of services and of fleet.toml, each counted as often as it is used."""


def check_amounts(registry: Registry, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """The problem if the registry is too large: then nothing should be run that expands it."""
    shared = len(files.get("fleet.toml", b""))
    placement = Placement(registry)
    units, weight = 0, 0
    for name, service in registry.services.items():
        if service.state == "retired":
            continue
        places = len(placement.expand(service.hosts))
        own = files.get(registry.origins["services", name].file, b"")
        units += places * max(len(service.instances), 1)
        weight += places * max(len(service.instances), 1) * (shared + len(own))
    several = len(registry.hosts) > 1
    for table in UNIT_TABLES:
        for node in getattr(registry, table).values() if table != "services" else ():
            units += len(placement.expand(node.hosts)) * len(getattr(node, "instances", ()))
    at = Origin("hosts.toml") if several else Origin("fleet.toml", ("defaults",))
    if units > MAX_UNITS:
        hint = f"{'say on which hosts a service is, or ' if several else ''}make several registries of it"
        yield Problem(f"{units} services and instances on all hosts together, at most {MAX_UNITS}", at, hint)
    elif weight > MAX_BYTES:
        said = f"{weight // 1_000_000} MB of text for all services on all hosts together"
        what = f"{said}, at most {MAX_BYTES // 1_000_000}"
        yield Problem(what, at, "set it where it is needed, not in [defaults]")
