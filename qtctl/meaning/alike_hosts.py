"""Hosts that are alike: that have the same of everything but their names."""

from qtctl.model.placement import list_references
from qtctl.model.registry import Host, Registry
from qtctl.model.unit_kinds import PLACED_TABLES

_OWN = {"summary", "address", "ssh_port", "tags", "audit_user", "deploy_user", "expected_hostname", "machine"}
"""Keys of a host that say which host it is and how it is reached, and nothing about what it has."""


def find_alike(registry: Registry) -> dict[str, str]:
    """Host → the first host, by name, that is like it in what it must have; only hosts that are not themselves the
    first.
    """
    used = {host for table in PLACED_TABLES for node in getattr(registry, table).values() for host in node.hosts}
    used |= {key for service in registry.services.values() for key in service.on}
    first: dict[object, str] = {}
    found = {name: first.setdefault(_make_key(registry, name, used), name) for name in sorted(registry.hosts)}
    return {name: like for name, like in found.items() if like != name}


def _make_key(registry: Registry, name: str, used: set[str]) -> object:
    host: Host = registry.hosts[name]
    if host.hosts_file is not None:
        return name
    return host.model_dump_json(exclude=_OWN), list_references(registry, name) & used, bool(host.tags)
