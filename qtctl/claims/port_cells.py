"""Ports as cells and items have them: 8096 · 53/udp · 80, 443 · 10000-20000 · 127.0.0.1:8080 · 8989:8686."""

import re
from dataclasses import dataclass

LARGEST = 65535
_ADDRESS = r"(?:(?:\d{1,3}\.){3}\d{1,3}|\[[0-9A-Fa-f:]{2,39}\]|localhost|\*)"
_PROTOCOL = r"(?:tcp|udp|tcp\s?[/+&]\s?udp|udp\s?[/+&]\s?tcp)"
_TOKEN = re.compile(
    rf"^(?:(?P<address>{_ADDRESS})?:)?(?P<first>\d{{2,5}})(?:\s?[-\u2013]\s?(?P<last>\d{{2,5}}))?"
    r"(?:\s?(?::|-+>|\u2192)\s?(?P<inner>\d{2,5})(?:-\d{2,5})?)?"
    rf"(?:\s?/\s?(?P<protocol>{_PROTOCOL}))?(?:\s*\(?(?P<note>{_PROTOCOL}|{_ADDRESS}|https?)\)?)?$",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*[,;]\s*|\s+(?:and|&|\+)\s+")
_NODE_PORTS = 30000
MOST = 50


@dataclass(frozen=True, slots=True)
class Bound:
    """Ports from `first` to `last`. `protocol` and `address`: '' if not stated, or if all are meant.

    `mapped`: it is published from a container, so the port is one of the host.
    """

    first: int
    last: int
    protocol: str = ""
    address: str = ""
    mapped: bool = False

    def meets(self, other: "Bound") -> bool:
        """Whether both cannot be bound: the same port, or ranges that overlap without one being part of the other."""
        if self.protocol and other.protocol and self.protocol != other.protocol:
            return False
        if self.address != other.address:
            return False
        if (self.first, self.last) == (other.first, other.last):
            return True
        low, high = sorted((self, other), key=lambda each: (each.first, each.last))
        return low.first < high.first <= low.last < high.last

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


def read_ports(text: str) -> tuple[Bound, ...]:
    """None if the text says anything else, or if the ports are those of a cluster."""
    found = []
    for token in _SPLIT.split(text.strip())[:MOST]:
        match = _TOKEN.match(token)
        bound = _make_bound(match) if match else None
        if bound is None:
            return ()
        found.append(bound)
    return tuple(found)


def _make_bound(found: re.Match[str]) -> Bound | None:
    first, last, inner = int(found["first"]), int(found["last"] or found["first"]), int(found["inner"] or 0)
    if not 0 < first <= last <= LARGEST or inner >= _NODE_PORTS > first:
        return None
    note = (found["note"] or "").lower()
    said = (found["protocol"] or (note if note[:3] in ("tcp", "udp") else "")).lower()
    address = (found["address"] or ("" if said == note or note.startswith("http") else note)).lower()
    return Bound(first, last, said if said in ("tcp", "udp") else "", normalise_address(address), bool(inner))


def normalise_address(text: str) -> str:
    """'' for every address."""
    low = text.strip().lower().strip("[]")
    return {"0.0.0.0": "", "*": "", "::": "", "any": "", "all": "", "localhost": "127.0.0.1"}.get(low, low)  # noqa: S104
