"""Declared ports → listeners."""

from collections.abc import Mapping

from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.model.desired_unit import Listener, UnixListener
from qtctl.model.instance_ports import find_listen_origin, map_instance_ports
from qtctl.model.origin import Origin
from qtctl.model.service import Health, Port, Service, UnixListen


def resolve_listeners(ports: Mapping[str, Port], origin: Origin) -> tuple[Listener, ...]:
    """One listener per port, sorted by name; a health path of "" means that no URL is requested."""
    return tuple(make_listener(name, port, origin.at("ports", name, "listen")) for name, port in sorted(ports.items()))


def resolve_unix_listeners(declared: Mapping[str, UnixListen], origin: Origin) -> tuple[UnixListener, ...]:
    """One per socket, sorted by name."""
    return tuple(
        UnixListener(
            name,
            each.path,
            each.owner or "",
            each.group or "",
            each.mode.zfill(4) if each.mode else "",
            origin.at("unix_sockets", name),
        )
        for name, each in sorted(declared.items())
    )


def resolve_instance_listeners(service: Service, instance: str, origin: Origin) -> tuple[Listener, ...]:
    """The instance's own ports, sorted by name."""
    return tuple(
        make_listener(name, port, find_listen_origin(origin, service, name, instance))
        for name, port in sorted(map_instance_ports(service, instance).items())
    )


def make_listener(name: str, port: Port, origin: Origin) -> Listener:
    health = port.health or Health(path="/")
    return Listener(
        name=name,
        protocol=port.protocol,
        address=port.address,
        port=port.number,
        health_path=health.path if port.health else "",
        health_status=health.status,
        health_within_us=parse_microseconds(health.within),
        origin=origin,
        health_text=health.text,
        health_values=tuple(sorted(health.values.items())),
    )
