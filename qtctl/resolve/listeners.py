"""Declared ports → listeners."""

from collections.abc import Mapping

from qtctl.dialects.systemd.listen import heard
from qtctl.dialects.systemd.timespan import microseconds
from qtctl.model.desired_unit import Listener
from qtctl.model.origin import Origin
from qtctl.model.registry import Health, Port
from qtctl.model.units import LISTENS, Socket, Unit


def listeners(ports: Mapping[str, Port], origin: Origin) -> tuple[Listener, ...]:
    """One listener a port, by name; a health path of "" means that no URL is asked."""
    return tuple(_listener(name, port, origin.at("ports", name, "listen")) for name, port in sorted(ports.items()))


def heard_by(node: Unit, origin: Origin) -> tuple[Listener, ...]:
    """What systemd listens on for a socket, as far as it is a port: `listen`, `listen-2` …; nothing of other units."""
    if not isinstance(node, Socket) or node.protocol:
        return ()
    each = (item.partition(" ") for item in node.listen)
    ipv6_only = node.bind_ipv6_only == "ipv6-only"
    found = [heard(LISTENS[word], address, ipv6_only=ipv6_only) for word, _, address in each]
    return tuple(
        Listener(f"listen-{number}" if number > 1 else "listen", *port, "", 0, 0, origin.at("listen"))
        for number, port in enumerate((port for port in found if port), start=1)
    )


def _listener(name: str, port: Port, origin: Origin) -> Listener:
    health = port.health or Health(path="/")
    return Listener(
        name=name,
        protocol=port.protocol,
        address=port.address,
        port=port.number,
        health_path=health.path if port.health else "",
        health_status=health.status,
        health_within_us=microseconds(health.within),
        origin=origin,
    )
