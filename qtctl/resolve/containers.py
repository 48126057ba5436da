"""Compose files that a fleet came from → the containers that its hosts should no longer run."""

from collections.abc import Iterator

from qtctl.model.desired_container import LeftContainer
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry


def list_left_containers(registry: Registry) -> tuple[LeftContainer, ...]:
    """Sorted by name. If two files have a service of the same name, the first counts."""
    found: dict[str, LeftContainer] = {}
    for each in _list_all(registry):
        found.setdefault(each.service, each)
    return tuple(found[name] for name in sorted(found))


def _list_all(registry: Registry) -> Iterator[LeftContainer]:
    for record in registry.legacy:
        file = registry.legacy_files.get(record.compose, "legacy")
        for name, disposition in record.services.items():
            ports = tuple(_parse_port(port) for port in disposition.ports)
            yield LeftContainer(name, str(disposition.is_), disposition.to, ports, Origin(file, ("services", name)))


def _parse_port(published: str) -> str:
    """`127.0.0.1:8001/udp` and `8001` → number and protocol."""
    number, _, protocol = published.rpartition(":")[2].partition("/")
    return f"{number}/{protocol or 'tcp'}"
