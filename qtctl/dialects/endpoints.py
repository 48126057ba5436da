"""Names of hosts and accounts, addresses and ports, as strict as they must be to reach ssh, sudo or a socket.

An OpenSSH configuration can hand any of them to a shell (ProxyCommand, Match exec), and ssh reads a leading dash as an
option and `user@` as an account. So a value outside these patterns is refused wherever it enters: from a registry, from
the command line, from a lab's state.
"""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

LOCAL = "local"
"""The machine that qtctl runs on, as --host names it."""
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOST_NAME = rf"{_LABEL}(\.{_LABEL})*\.?"
"""A host name as DNS, ssh and containers have them: an underscore is legal everywhere but in DNS."""
HOST_NAME_LENGTH = 253
NAME_LENGTH = 200
"""The longest name of anything that a registry declares."""
ACCOUNT = r"[A-Za-z0-9_]([A-Za-z0-9_.@-]{0,253}[A-Za-z0-9_$-])?"
"""A login name. `@`: accounts of a directory service (`ops@example.org`); a final `$`: machine accounts."""
_INTERFACE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}"
PORTS = range(1, 65536)
TAG = r"[A-Za-z0-9][A-Za-z0-9._-]*"
TAG_LENGTH = 64
TAG_SIGN = "@"
"""Before a tag of hosts, where a list of hosts names one: `hosts = ["@workers", "web-1"]`."""


def is_declared_name(text: str) -> bool:
    """Whether something in a registry can be called this."""
    return len(text) <= NAME_LENGTH and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]*", text) is not None


def is_host_name(text: str) -> bool:
    return len(text) <= HOST_NAME_LENGTH and re.fullmatch(HOST_NAME, text) is not None


def is_account(text: str) -> bool:
    return re.fullmatch(ACCOUNT, text) is not None and not text.isdigit()


def is_ip_address(text: str) -> bool:
    """IPv4 in four decimal parts, or IPv6, perhaps with a zone: `fe80::1%eth0`."""
    found = re.fullmatch(rf"([0-9A-Fa-f:.]+)(%{_INTERFACE})?", text)
    if found is None:
        return False
    try:
        if ":" in found[1]:
            IPv6Address(found[1])
        elif found[2] is None:
            IPv4Address(found[1])
        else:
            return False
    except AddressValueError:
        return False
    return True


def is_address(text: str) -> bool:
    """An IP address, or a host name that cannot be a mistyped IPv4 address: not `999.0.0.1`."""
    if is_ip_address(text):
        return True
    return is_host_name(text) and re.fullmatch(r"[0-9.]+", text) is None


def is_target(text: str) -> bool:
    """What --host may be: a host's name or address, without account, port or options."""
    return is_address(text)


def is_host_glob(text: str) -> bool:
    """A pattern of host names as in the shell: `web-*`, `web-[12]`, `web-?`."""
    return re.fullmatch(r"[A-Za-z0-9_.*?\[\]!-]{1,253}", text) is not None and not {"*", "?", "["}.isdisjoint(text)


def is_tag(text: str) -> bool:
    """Whether it can be a tag of hosts, without its sign."""
    return len(text) <= TAG_LENGTH and re.fullmatch(TAG, text) is not None


def is_port(number: int) -> bool:
    return number in PORTS


def sort_hosts(hosts: Iterable[str]) -> list[str]:
    """By name, and numbers in it by their value: web-2 comes before web-10."""
    return sorted(hosts, key=lambda host: (_split_numbers(host), host))


def _split_numbers(name: str) -> tuple[str | int, ...]:
    """Text and number in turn, text first: `web-2` is ("web-", 2, "")."""
    return tuple(int(part) if number % 2 else part for number, part in enumerate(re.split("([0-9]+)", name)))
