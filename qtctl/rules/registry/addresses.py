"""QT101: two units that listen on the same address and port of a host."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning
from qtctl.meaning.socket_ports import list_sockets
from qtctl.model.fields import INSTANCE
from qtctl.model.host_values import list_instances
from qtctl.model.instance_ports import list_claimed_ports
from qtctl.model.names import Names, make_unit_name
from qtctl.model.origin import Origin
from qtctl.model.placement import Placement
from qtctl.model.registry import External, Registry
from qtctl.model.service import Service
from qtctl.rules.problem import Problem

WILDCARDS = frozenset({"*", "0.0.0.0", "[::]"})  # noqa: S104 - compared with, not bound
EVERY = "*"
SOCKET = "socket "
"""Prefix of the name of a socket that claims a port."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One declared port. `hosts` are the hosts on which it is bound; `shared`: others may bind it too (ReusePort=)."""

    name: str
    protocol: str
    address: str
    port: int
    hosts: frozenset[str]
    origin: Origin
    shared: bool = False

    @property
    def of(self) -> str:
        """A wildcard address claims every address of its port."""
        return EVERY if self.address in WILDCARDS else self.address


def check_collisions(registry: Registry) -> Iterator[Problem]:
    """Report each claim with the first one it collides with, and the first wildcard with one claim of each address."""
    bound: dict[tuple[str, int, str], dict[str, Binding]] = {}
    reported = set()
    for claim in _list_claims(registry):
        for host in claim.hosts:
            firsts = bound.setdefault((claim.protocol, claim.port, host), {})
            for first in _list_before(claim, firsts):
                # Instances with the same port from one line of their template are reported elsewhere, for that line.
                same_line = first.origin == claim.origin and not claim.name.startswith(SOCKET)
                told = same_line or (first.origin, claim.origin) in reported
                if not told and not (first.shared and claim.shared):
                    reported.add((first.origin, claim.origin))
                    of = f" of {claim.name}" if "@" in claim.name else ""
                    what = f"{claim.address}:{claim.port}{of} is claimed by {first.name} too"
                    yield Problem(what, claim.origin, "give one of them another", "QT101")
            firsts.setdefault(claim.of, claim)


def check_shared_sockets(registry: Registry) -> Iterator[Problem]:
    """Unix socket paths that two units of a host claim; a socket and its service may share one."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for name, unit, path, hosts, origin in _list_paths(registry):
        for host in sorted(hosts):
            other, of = first.setdefault((path, host), (name, unit))
            if of != unit:
                yield Problem(f"{path} is claimed by {other} too", origin, "give one of them another", "QT101")
                break


def _list_paths(registry: Registry) -> Iterator[tuple[str, str, str, frozenset[str], Origin]]:
    """For each claim: who claims the path, the unit it is finally for, the path, the hosts and where it is written."""
    placement, names = Placement(registry), Names.of(registry)
    for kind in ("services", "externals"):
        for name, node in getattr(registry, kind).items():
            for each, said in (node.unix_sockets if node.state != "retired" else {}).items():
                if INSTANCE not in said.path:
                    origin = registry.origins[kind, name].at("unix_sockets", each, "path")
                    yield name, make_unit_name(registry, kind, name), said.path, placement.expand(node.hosts), origin
    for name, node in registry.sockets.items():
        origin = registry.origins["sockets", name].at("listen")
        for socket in list_sockets(registry, names, name) if node.state == "active" else ():
            listens = (word.partition(" ")[2] for word in socket.listen)
            for path in dict.fromkeys(each for each in listens if each.startswith("/") and "%" not in each):
                yield f"{SOCKET}{socket.name}", socket.starts, path, placement.expand(node.hosts), origin


def _list_before(claim: Binding, firsts: Mapping[str, Binding]) -> Iterator[Binding]:
    if claim.of == EVERY and EVERY not in firsts:
        yield from firsts.values()
        return
    yield from (firsts[address] for address in dict.fromkeys((claim.of, EVERY)) if address in firsts)


def _list_claims(registry: Registry) -> Iterator[Binding]:
    placement = Placement(registry)
    for kind in ("services", "externals"):
        for name, node in getattr(registry, kind).items():
            if node.state == "retired":
                continue
            homes = placement.expand(node.hosts)
            for each in list_claimed_ports(registry, kind, name):
                port, hosts = each.port, _list_claiming_hosts(registry, node, each.name, homes)
                yield Binding(each.name, port.protocol, port.address, port.number, hosts, each.origin)
    yield from _list_claims_of_sockets(registry, placement)


def _list_claiming_hosts(
    registry: Registry, node: Service | External, name: str, homes: frozenset[str]
) -> frozenset[str]:
    """The hosts that have the instance: some hosts may have fewer instances than others."""
    if not isinstance(node, Service) or all(values.instances is None for values in node.on.values()):
        return homes
    instance = name.rpartition("@")[2]
    known = homes & registry.hosts.keys()
    return frozenset(host for host in known if instance in list_instances(registry, node, host))


def _list_claims_of_sockets(registry: Registry, placement: Placement) -> Iterator[Binding]:
    """What systemd listens on, except ports that the started service declares itself."""
    names = Names.of(registry)
    ports = {
        (names.get_unit(each.name), each.port.protocol, each.port.address, each.port.number)
        for name, service in registry.services.items()
        if service.state != "retired"
        for each in list_claimed_ports(registry, "services", name)
    }
    for name, node in registry.sockets.items():
        hosts, shared = placement.expand(node.hosts), node.reuse_port is True
        for socket in list_sockets(registry, names, name) if node.state == "active" else ():
            for port in socket.ports:
                if (socket.starts, port.protocol, port.address, port.port) not in ports:
                    of = f"{SOCKET}{socket.name}"
                    yield Binding(of, port.protocol, port.address, port.port, hosts, port.origin, shared)


QT101 = Meaning(
    "QT101",
    "two claim one address and port",
    Severity.ERROR,
    what="Two services, instances, sockets or externals of one host declare the same port on the same address, or the "
    "same unix socket; a wildcard address such as 0.0.0.0 claims the port on all of the host's addresses. A socket "
    "and the service that it starts may declare the same port. Retired ones and sockets that are not active claim "
    "nothing, and sockets with `reuse_port` share a port.",
    why="Only the first to start gets the port. Which one that is changes from boot to boot, and the other ends up in "
    "a restart loop, or its callers talk to the wrong program: 8005 was risk-safety's in one document and "
    "position-monitor's in another.",
    fix="Give one of them another port in its `[ports]`, and update its callers; or retire the one that is gone.",
)
RULES = (QT101,)
