"""What variables may say about Redis: the declared stores and keys, and which of them a value leads to."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from qtctl.model.desired import Desired
from qtctl.model.desired_store import DesiredStore

_PORT = 6379
_LOOPBACK = ("127.0.0.1", "::1")
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contracts of one host. `patterns`: those of keys that count as the fleet's."""

    addresses: frozenset[Address]
    keys: frozenset[str]
    patterns: tuple[str, ...]

    @classmethod
    def of(cls, desired: Desired) -> "Contracts":
        return cls(
            frozenset(address for store in desired.stores for address in _list_addresses(store)),
            frozenset(key.name for key in desired.keys),
            tuple(pattern for store in desired.stores for pattern in store.key_patterns),
        )

    def find_fault(self, name: str, env: Mapping[str, str]) -> str:
        """Why a variable does not keep its contract: it leads to no declared store, or names no declared key."""
        value = env[name]
        at = _find_address(name, value, env)
        if at and self.addresses and at not in self.addresses:
            return f"no store is declared at {at[0]}:{at[1]}"
        is_key = at is None and ":" in value and any(fnmatchcase(value, each) for each in self.patterns)
        return f"no key {value} is declared" if is_key and value not in self.keys else ""


def _find_address(name: str, value: str, env: Mapping[str, str]) -> Address | None:
    """Host and port of the Redis that a variable leads to; None if it leads to none."""
    if value.startswith(("redis://", "rediss://")):
        return _split_url(value)
    if not name.endswith("REDIS_HOST"):
        return None
    port = env.get(f"{name.removesuffix('HOST')}PORT", str(_PORT))
    return (value, int(port)) if port.isdecimal() and port.isascii() else None


def _split_url(url: str) -> Address | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts.hostname or "", port or _PORT


def _list_addresses(store: DesiredStore) -> tuple[Address, ...]:
    host = store.address.strip("[]")
    return ((host, store.port), ("localhost", store.port)) if host in _LOOPBACK else ((host, store.port),)
