"""Socket addresses as ss prints them, and how a bound one relates to a declared one."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from qtctl.errors import InputError

IP = IPv4Address | IPv6Address


class Relation(StrEnum):
    EXACT = "exact"
    WIDER = "wider"
    NARROWER = "narrower"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Bound:
    """`families` of {4, 6}; `ip` None for any address of them; `device` only where it narrows "any"."""

    families: frozenset[int]
    ip: IP | None
    device: str = ""

    def covers(self, other: "Bound") -> bool:
        if self.ip is not None:
            return self == other
        return other.families <= self.families and self.device in ("", other.device)


@lru_cache(maxsize=1024)
def parse_address(text: str) -> Bound:
    """`*` is any of both families (a dual-stack socket), `[::]` IPv6 only. InputError if it is no address.

    A zone (`127.0.0.1%lo`, `[fe80::1]%eth0`) belongs to the address; with "any" it narrows it to one device.
    """
    plain, _, device = text.replace("[", "").replace("]", "").partition("%")
    if plain == "*":
        return Bound(frozenset({4, 6}), None, device)
    try:
        ip: IP = ip_address(plain)
    except ValueError as error:
        raise InputError(f"{text!r} is not a socket address", hint="as ss prints it: 127.0.0.1, [::1], *") from error
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    families = frozenset({ip.version})
    return Bound(families, None, device) if ip.is_unspecified else Bound(families, ip)


def relate_addresses(declared: str, bound: str) -> Relation:
    """How `bound` relates to `declared`: EXACT the same, WIDER answers elsewhere too, NARROWER only at a part of it."""
    wanted, found = parse_address(declared), parse_address(bound)
    if wanted == found:
        return Relation.EXACT
    if found.covers(wanted):
        return Relation.WIDER
    return Relation.NARROWER if wanted.covers(found) else Relation.ELSEWHERE


def is_loopback(text: str) -> bool:
    """Whether only programs on the host itself can reach it."""
    bound = parse_address(text)
    return bound.ip.is_loopback if bound.ip is not None else bound.device == "lo"
