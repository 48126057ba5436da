"""A compose project as reports compare it: its services, and the ports that they publish."""

from dataclasses import dataclass
from enum import StrEnum


class PortKind(StrEnum):
    """How sure the published side of a port is."""

    FIXED = "fixed"
    CHOSEN = "chosen"
    """Docker chooses one: no published side, 0, or a range for one container port."""
    OPEN = "open"
    """Depends on a variable that has neither a value nor a default."""


@dataclass(frozen=True, slots=True)
class Published:
    """One published port. `raw` is the text of the file; of a range each port has its own.

    `published` is None unless `kind` is fixed; `target` None where a variable hides it. `host_ip` is '' for all
    addresses. `variables` are those whose default was taken, or that have none.
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
    """One service, `line` where its values begin or its key stands, and the ports that it publishes."""

    name: str
    line: int
    ports: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class Compose:
    """Services in the order of the files. `file`: the first of them, as the user named it."""

    file: str
    services: tuple[ComposeService, ...]

    def service(self, name: str) -> ComposeService | None:
        return next((service for service in self.services if service.name == name), None)
