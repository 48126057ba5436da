"""What each of several hosts must have. Hosts that are alike are resolved once."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from qtctl.meaning.alike_hosts import find_alike
from qtctl.model.desired import Desired
from qtctl.model.host_defaults import list_host_tables
from qtctl.model.registry import Registry
from qtctl.resolve.resolve import make_login, resolve


def resolve_hosts(registry: Registry, hosts: Iterable[str]) -> dict[str, Desired]:
    """Host → what it must have."""
    return make_for_hosts(registry, hosts, partial(resolve, registry))


def make_for_hosts(registry: Registry, hosts: Iterable[str], make: Callable[[str], Desired]) -> dict[str, Desired]:
    """Host → what `make` says that it must have. Of hosts that are alike, it is asked about one."""
    wanted = dict.fromkeys(hosts)
    alike = find_alike(registry) if len(wanted) > 1 else {}
    first: dict[str, Desired] = {}
    found: dict[str, Desired] = {}
    for host in wanted:
        like = alike.get(host, host)
        if like not in first:
            first[like] = make(like)
        found[host] = first[like] if like == host else adapt(first[like], registry, host)
    return found


def adapt(desired: Desired, registry: Registry, host: str) -> Desired:
    """What a host must have, from what one that is like it must have."""
    declared = registry.hosts[host]
    return replace(
        desired,
        host=host,
        login=make_login(declared),
        expected_hostname=declared.expected_hostname,
        machine=declared.machine,
        tags=declared.tags,
        host_tables=list_host_tables(registry, host),
    )
