"""Addresses of ListenStream= and ListenDatagram= (systemd.socket(5)): those that are IP ports."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

PROTOCOLS = {"ListenStream": "tcp", "ListenDatagram": "udp"}
"""Ignores SocketProtocol=, which can name a protocol that ss is not asked for."""
_HIGHEST = 65535
_PLAIN = re.compile(r"[0-9]{1,5}")
_OF_IPV4 = re.compile(r"([0-9.]+):([0-9]{1,5})")
_OF_IPV6 = re.compile(r"\[([0-9A-Fa-f:.]+)\](%[^%\s]+)?:([0-9]{1,5})")


class Heard(NamedTuple):
    """`address` as ss prints it: 127.0.0.1, [::1], `*` for both families."""

    protocol: str
    address: str
    port: int


def find_heard(directive: str, value: str, *, ipv6_only: bool) -> Heard | None:
    """The port that a socket listens on; None for other addresses (a path, vsock, netlink).

    A port alone means `[::]`, which also accepts IPv4 unless `ipv6_only`.
    """
    protocol = PROTOCOLS.get(directive)
    if protocol is None:
        return None
    if _PLAIN.fullmatch(value):
        return _make_heard(protocol, "::", "", value, ipv6_only=ipv6_only)
    if match := _OF_IPV4.fullmatch(value):
        return _make_heard(protocol, match[1], "", match[2], ipv6_only=ipv6_only)
    if match := _OF_IPV6.fullmatch(value):
        return _make_heard(protocol, match[1], match[2] or "", match[3], ipv6_only=ipv6_only)
    return None


def _make_heard(protocol: str, address: str, zone: str, port: str, *, ipv6_only: bool) -> Heard | None:
    if not 0 < int(port) <= _HIGHEST:
        return None
    try:
        ip = IPv6Address(address) if ":" in address else IPv4Address(address)
    except AddressValueError:
        return None
    if isinstance(ip, IPv4Address):
        return Heard(protocol, str(ip), int(port))
    if ip.is_unspecified and not ipv6_only:
        return Heard(protocol, "*", int(port))
    return Heard(protocol, f"[{ip}]{zone}", int(port))
