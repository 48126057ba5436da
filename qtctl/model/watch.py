"""What is watched of a host, and what changed. A view is small: one text for each thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    HOST = "host"
    """Whether it is connected."""
    UNIT = "unit"
    RESTARTS = "restarts"
    LAG = "lag"
    """Of a consumer group: entries that it was not given yet."""
    PORT = "port"


Key = tuple[Kind, str]
"""What kind of thing, and which: a unit, `stream/group`, `tcp 127.0.0.1:8000`; "" of a host itself."""
View = Mapping[Key, str]
CONNECTED, LOST, REFUSED = "connected", "lost", "refused"


@dataclass(frozen=True, slots=True)
class Change:
    """`at`: seconds since the epoch, of the caller. `before` is "" for what was not known. `why`: of a lost host."""

    at: float
    host: str
    kind: Kind
    subject: str
    before: str
    after: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """What to watch of one host.

    `units`: unit → name in the registry. `streams`: store → its streams → groups. `ports`: protocol, address and port,
    as `ss` prints them, of each declared port.
    """

    units: Mapping[str, str]
    streams: Mapping[str, Mapping[str, tuple[str, ...]]]
    ports: tuple[tuple[str, str, int], ...]
