"""QT101: two that listen on one address and port of one host."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.registry.problem import Problem

WILDCARDS = frozenset({"*", "0.0.0.0", "[::]"})  # noqa: S104 - compared with, not bound


@dataclass(frozen=True, slots=True)
class Claim:
    """One declared port. `hosts` are the hosts on which it is bound."""

    name: str
    protocol: str
    address: str
    port: int
    hosts: frozenset[str]
    origin: Origin

    def collides(self, other: "Claim") -> bool:
        """A wildcard address claims every address of its port."""
        if (self.protocol, self.port) != (other.protocol, other.port) or not self.hosts & other.hosts:
            return False
        return self.address == other.address or bool(WILDCARDS & {self.address, other.address})


def collisions(registry: Registry) -> Iterator[Problem]:
    for first, second in combinations(_claims(registry), 2):
        if first.collides(second):
            what = f"QT101 {second.address}:{second.port} is claimed by {first.name} too"
            yield what, second.origin, "give one of them another"


def _claims(registry: Registry) -> Iterator[Claim]:
    every = frozenset(registry.hosts)
    for kind in ("services", "externals"):
        for name, node in getattr(registry, kind).items():
            if node.state == "retired":
                continue
            hosts = frozenset(node.hosts) or every
            for port_name, port in node.ports.items():
                origin = registry.origins[kind, name].at("ports", port_name, "listen")
                yield Claim(name, port.protocol, port.address, port.number, hosts, origin)
