"""A compose project as reports compare it: its services, and the ports that they publish."""

from dataclasses import dataclass
from enum import StrEnum


class PortKind(StrEnum):
    """How certain the published side of a port is."""

    FIXED = "fixed"
    CHOSEN = "chosen"
    """Docker chooses one: no published side, 0, or a range for one container port."""
    OPEN = "open"
    """It depends on a variable with neither a value nor a default."""


@dataclass(frozen=True, slots=True)
class Published:
    """One published port. `raw` is the text in the file; each port of a range has its own.

    `published` is None unless `kind` is fixed; `target` is None if a variable hides it. `host_ip` is '' for all
    addresses. `variables`: those with their default, or with no value at all.
    """

    raw: str
    line: int
    kind: PortKind
    published: int | None
    target: int | None
    host_ip: str = ""
    protocol: str = "tcp"
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComposeService:
    """One service and the ports that it publishes; `line` is where its values or its key begin."""

    name: str
    line: int
    ports: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class Compose:
    """Services in file order. `file`: the first file, as the user named it."""

    file: str
    services: tuple[ComposeService, ...]
