"""Values per host or tag that contradict each other, or that no host could have."""

from collections.abc import Iterator
from itertools import combinations

from qtctl.dialects.endpoints import TAG_SIGN
from qtctl.dialects.toml.keys import write_key
from qtctl.model.host_values import list_keys, list_leaves, merge_values
from qtctl.model.origin import Origin
from qtctl.model.placement import Placement, list_references
from qtctl.model.registry import Registry
from qtctl.model.service import Service, ServiceValues
from qtctl.model.states import ServiceState
from qtctl.registry.kinds import check_kinds
from qtctl.rules.problem import Problem

_STATES = (ServiceState.RUNNING, ServiceState.STOPPED)


def check_host_values(registry: Registry) -> Iterator[Problem]:
    placed = {name: service for name, service in registry.services.items() if service.on}
    placement = Placement(registry) if placed else None
    for name, service in placed.items():
        if placement is None or service.state is ServiceState.RETIRED:
            continue
        origin = registry.origins["services", name]
        homes = placement.expand(service.hosts)
        # An unknown tag or host is one error; its consequences are not reported as well.
        whole = all(placement.expand((each,)) & placement.every for each in service.hosts)
        for key, values in service.on.items():
            yield from _check_values(registry, service, values, origin.at("on", key))
            here = placement.expand((key,)) & placement.every
            if here and whole and here.isdisjoint(homes):
                what = f"{key} has values, and the service is not there"
                yield Problem(what, origin.at("on", key), "add it to hosts, or take the values out")
        yield from _check_tags(registry, service, sorted(homes & registry.hosts.keys()), origin)


def _check_values(registry: Registry, service: Service, values: ServiceValues, origin: Origin) -> Iterator[Problem]:
    count = values.instances
    if count is not None and count > len(service.instances):
        what = f"{count} instances, and the service has {len(service.instances)}"
        yield Problem(what, origin.at("instances"), "declare as many with instances = [...], or fewer here")
    if values.state is not None and service.state not in _STATES:
        what = f"a service that is {service.state} has that state on every host"
        yield Problem(
            what,
            origin.at("state"),
            "only a running or stopped service can have the other of these states on some hosts",
        )
    if values.timeouts.runtime_max is not None:
        yield from check_kinds(merge_values(service, values), service.type or registry.fleet.defaults.type, origin)


def _check_tags(registry: Registry, service: Service, hosts: list[str], origin: Origin) -> Iterator[Problem]:
    """Two tags of one host that disagree, unless the host's own table decides. Each pair is reported once."""
    told = set()
    for host in hosts:
        keys = list_keys(service, list_references(registry, host))
        tags = [key for key in keys if key.startswith(TAG_SIGN)]
        if len(tags) < 2:  # noqa: PLR2004 - one alone agrees with itself
            continue
        decided = {path for path, _ in list_leaves(service.on[host])} if host in service.on else set()
        for first, second in combinations(tags, 2):
            one, other = dict(list_leaves(service.on[first])), dict(list_leaves(service.on[second]))
            for path in sorted(one.keys() & other.keys() - decided):
                if one[path] == other[path] or (first, second, path) in told:
                    continue
                told.add((first, second, path))
                what = f"{write_key(path)}: {host} carries {first} and {second}, which disagree"
                hint = f'make them agree, or say it for {host}: [on."{host}"]'
                yield Problem(what, origin.at("on", second, *path), hint, also=origin.at("on", first, *path))
