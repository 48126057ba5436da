"""Declared ports → listeners."""

from collections.abc import Mapping

from qtctl.dialects.systemd.timespan import microseconds
from qtctl.model.desired_unit import Listener
from qtctl.model.origin import Origin
from qtctl.model.registry import Health, Port


def listeners(ports: Mapping[str, Port], origin: Origin) -> tuple[Listener, ...]:
    """One listener a port, by name; a health path of "" means that no URL is asked."""
    return tuple(_listener(name, port, origin.at("ports", name, "listen")) for name, port in sorted(ports.items()))


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
