"""The size of an expanded registry: each service on each of its hosts, each time with the defaults.

Everything else takes time in proportion to the files. This grows with the product of two of them, so it has a limit.
Most of the work is done once for hosts that are alike.
"""

from collections.abc import Iterator, Mapping

from qtctl.meaning.alike_hosts import find_alike
from qtctl.model.origin import Origin
from qtctl.model.placement import Placement
from qtctl.model.registry import Registry
from qtctl.model.unit_kinds import UNIT_TABLES
from qtctl.rules.problem import Problem

MAX_UNITS = 50_000
"""Services, and instances of units of any type, on all hosts together; those of hosts that are alike count once."""
MAX_UNITS_OF_ALL = 500_000
"""The same, counted on every host."""
MAX_BYTES = 100_000_000
"""Bytes of the files of services and of fleet.toml, each counted as often as it is used. Hosts that are alike count
once.
"""


def check_amounts(registry: Registry, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """The problem if the registry is too large: then nothing should be run that expands it."""
    all_hosts = frozenset(registry.hosts)
    different = all_hosts - find_alike(registry).keys()
    several = len(all_hosts) > 1
    at = Origin("hosts.toml") if several else Origin("fleet.toml", ("defaults",))
    hint = f"{'say on which hosts a service is, or ' if several else ''}make several registries of it"
    for hosts, most in ((all_hosts, MAX_UNITS_OF_ALL), (different, MAX_UNITS)):
        units = _count_units(registry, hosts)
        if units > most:
            which = "" if hosts == all_hosts else " that differ"
            yield Problem(f"{units} services and instances on all hosts{which} together, at most {most}", at, hint)
            return
    weight = _measure_text(registry, files, different)
    if weight > MAX_BYTES:
        said = f"{weight // 1_000_000} MB of text for all services on all hosts together"
        what = f"{said}, at most {MAX_BYTES // 1_000_000}"
        yield Problem(what, at, "set it where it is needed, not in [defaults]")


def _count_units(registry: Registry, hosts: frozenset[str]) -> int:
    """Services that are not retired, and instances of units of any type, on these hosts."""
    placement = Placement(registry)
    units = 0
    for table in UNIT_TABLES:
        for node in getattr(registry, table).values():
            if table == "services" and node.state == "retired":
                continue
            instances = len(getattr(node, "instances", ()))
            each = max(instances, 1) if table == "services" else instances
            units += each and each * len(placement.expand(node.hosts) & hosts)
    return units


def _measure_text(registry: Registry, files: Mapping[str, bytes], hosts: frozenset[str]) -> int:
    """Bytes of all services that are not retired on these hosts, each with the defaults."""
    placement = Placement(registry)
    shared = len(files.get("fleet.toml", b""))
    weight = 0
    for name, service in registry.services.items():
        if service.state == "retired":
            continue
        own = len(files.get(registry.origins["services", name].file, b""))
        weight += (shared + own) * max(len(service.instances), 1) * len(placement.expand(service.hosts) & hosts)
    return weight
