"""The ports of a socket unit as declared in a registry."""

from collections.abc import Iterator
from dataclasses import dataclass

from qtctl.dialects.systemd.listen import find_heard
from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.unit_name import is_template, name_instance
from qtctl.model.desired_unit import Listener
from qtctl.model.names import Names, find_started, list_units, make_unit_name
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.model.units import LISTENS, Socket, Unit


@dataclass(frozen=True, slots=True)
class SocketUnit:
    """A socket that systemd opens: its name in the registry, and the unit that it starts."""

    name: str
    starts: str
    listen: tuple[str, ...]
    ports: tuple[Listener, ...]


def list_sockets(registry: Registry, names: Names, name: str) -> Iterator[SocketUnit]:
    """The units of a declared socket: of a template its instances, each with what `%i` makes of the addresses."""
    node, origin = registry.sockets[name], registry.origins["sockets", name]
    template = make_unit_name(registry, "sockets", name)
    starts = find_started(registry, names, "sockets", name)
    if not is_template(template):
        yield SocketUnit(name, starts, node.listen, list_socket_ports(node, origin))
        return
    for own, unit in zip(node.instances, list_units(registry, "sockets", name), strict=True):
        listen = tuple(expand(item, unit) for item in node.listen) if node.specifiers else node.listen
        started = name_instance(starts, own) if is_template(starts) and not node.accept else expand(starts, unit)
        yield SocketUnit(f"{name.removesuffix('@')}@{own}", started, listen, list_socket_ports(node, origin, unit))


def list_socket_ports(node: Unit, origin: Origin, unit: str = "") -> tuple[Listener, ...]:
    """The ports that systemd listens on for a socket: `listen`, `listen-2` …; nothing for other units.

    `unit`: an instance, whose name replaces `%i`.
    """
    if not isinstance(node, Socket) or node.protocol:
        return ()
    said = (expand(item, unit) for item in node.listen) if unit and node.specifiers else node.listen
    each = (item.partition(" ") for item in said)
    ipv6_only = node.bind_ipv6_only == "ipv6-only"
    found = [find_heard(LISTENS[word], address, ipv6_only=ipv6_only) for word, _, address in each]
    return tuple(
        Listener(f"listen-{number}" if number > 1 else "listen", *port, "", 0, 0, origin.at("listen"))
        for number, port in enumerate((port for port in found if port), start=1)
    )
