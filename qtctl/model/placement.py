"""Which hosts something is declared for: by name, or by a tag (`@workers`) that hosts carry."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from qtctl.dialects.endpoints import TAG_SIGN

if TYPE_CHECKING:
    from qtctl.model.registry import Registry


def list_references(registry: "Registry", host: str) -> frozenset[str]:
    """Every way in which `hosts` of an entry can name the host: its name, and each of its tags with the sign."""
    return frozenset((host, *(f"{TAG_SIGN}{tag}" for tag in registry.hosts[host].tags)))


def includes_host(registry: "Registry", hosts: tuple[str, ...], host: str) -> bool:
    """Whether `hosts` of an entry includes the host. An empty list means all hosts."""
    return not hosts or not list_references(registry, host).isdisjoint(hosts)


def list_tags(registry: "Registry") -> tuple[str, ...]:
    """Every tag that a host carries or fleet.toml declares, sorted."""
    return tuple(sorted({*registry.fleet.tags, *(tag for host in registry.hosts.values() for tag in host.tags)}))


class Placement:
    """Lists of hosts of one registry → the hosts that they include. The members of tags are found once."""

    def __init__(self, registry: "Registry") -> None:
        self.every = frozenset(registry.hosts)
        self._members: dict[str, set[str]] = {}
        for name, host in registry.hosts.items():
            for tag in host.tags:
                self._members.setdefault(f"{TAG_SIGN}{tag}", set()).add(name)

    def expand(self, hosts: Iterable[str]) -> frozenset[str]:
        """The names of the hosts that `hosts` includes: all for an empty list, none for a tag that no host has."""
        named = tuple(hosts)
        return frozenset(self._list(named)) if named else self.every

    def _list(self, named: Iterable[str]) -> Iterator[str]:
        for name in named:
            if name.startswith(TAG_SIGN):
                yield from self._members.get(name, ())
            else:
                yield name
