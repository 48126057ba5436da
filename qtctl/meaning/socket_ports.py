"""The ports of a socket unit as a registry declares it."""

from qtctl.dialects.systemd.listen import find_heard
from qtctl.model.desired_unit import Listener
from qtctl.model.origin import Origin
from qtctl.model.units import LISTENS, Socket, Unit


def list_socket_ports(node: Unit, origin: Origin) -> tuple[Listener, ...]:
    """What systemd listens on for a socket, as far as it is a port: `listen`, `listen-2` …; nothing of other units."""
    if not isinstance(node, Socket) or node.protocol:
        return ()
    each = (item.partition(" ") for item in node.listen)
    ipv6_only = node.bind_ipv6_only == "ipv6-only"
    found = [find_heard(LISTENS[word], address, ipv6_only=ipv6_only) for word, _, address in each]
    return tuple(
        Listener(f"listen-{number}" if number > 1 else "listen", *port, "", 0, 0, origin.at("listen"))
        for number, port in enumerate((port for port in found if port), start=1)
    )
