"""Hosts that have the same of everything but their names: what is made for one of them serves all."""

from collections.abc import Iterable
from dataclasses import replace

from qtctl.model.desired import Desired
from qtctl.model.host_defaults import list_host_tables
from qtctl.model.placement import list_references
from qtctl.model.registry import Host, Registry
from qtctl.resolve.resolve import make_login, resolve
from qtctl.rules.registry.references import PLACED

_OWN = {"summary", "address", "ssh_port", "tags", "audit_user", "deploy_user", "expected_hostname", "machine"}
"""Keys of a host that say which host it is and how it is reached, and nothing about what it has."""


def find_alike(registry: Registry) -> dict[str, str]:
    """Host → the first host, by name, that is like it in what it must have; only hosts that are not themselves the
    first.
    """
    used = {host for table in PLACED for node in getattr(registry, table).values() for host in node.hosts}
    used |= {key for service in registry.services.values() for key in service.on}
    first: dict[object, str] = {}
    found = {name: first.setdefault(_make_key(registry, name, used), name) for name in sorted(registry.hosts)}
    return {name: like for name, like in found.items() if like != name}


def resolve_hosts(registry: Registry, hosts: Iterable[str]) -> dict[str, Desired]:
    """What each host must have. Hosts that are alike are resolved once."""
    wanted = dict.fromkeys(hosts)
    alike = find_alike(registry) if len(wanted) > 1 else {}
    first: dict[str, Desired] = {}
    found: dict[str, Desired] = {}
    for host in wanted:
        like = alike.get(host, host)
        if like not in first:
            first[like] = resolve(registry, like)
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


def _make_key(registry: Registry, name: str, used: set[str]) -> object:
    host: Host = registry.hosts[name]
    if host.hosts_file is not None:
        return name
    return host.model_dump_json(exclude=_OWN), list_references(registry, name) & used, bool(host.tags)
