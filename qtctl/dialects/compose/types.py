"""A Compose file as values: what it says a service is, without any value of its environment."""

from dataclasses import dataclass
from enum import StrEnum


class PortKind(StrEnum):
    """How sure the published side of a port is."""

    FIXED = "fixed"
    CHOSEN = "chosen"
    """Docker chooses one: no published side, 0, or a range for one container port."""
    OPEN = "open"
    """Depends on a variable that the file gives no default for."""


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
class Build:
    context: str
    dockerfile: str
    target: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """`condition`: service_started unless the file says otherwise."""

    name: str
    condition: str


@dataclass(frozen=True, slots=True)
class Volume:
    """`source` is '' for an anonymous volume, a path or a volume's name else. `mode` as written: '', ro, rw,z …"""

    source: str
    target: str
    mode: str


@dataclass(frozen=True, slots=True)
class Limits:
    """As written (`cpus` "0.5", `memory` "512M"), '' where the file sets none."""

    cpus: str = ""
    memory: str = ""
    pids: str = ""


@dataclass(frozen=True, slots=True)
class ComposeService:
    """One service. `command` and `entrypoint` are argvs, None for the image's own, () for explicitly none."""

    name: str
    line: int
    image: str
    build: Build | None
    container_name: str
    command: tuple[str, ...] | None
    entrypoint: tuple[str, ...] | None
    ports: tuple[Published, ...]
    environment: tuple[str, ...]
    """Names only, in file order."""
    env_files: tuple[str, ...]
    depends_on: tuple[Dependency, ...]
    volumes: tuple[Volume, ...]
    restart: str
    healthcheck: bool
    profiles: tuple[str, ...]
    limits: Limits
    network_mode: str


@dataclass(frozen=True, slots=True)
class Compose:
    """Services in file order. `file` as the user named it."""

    file: str
    services: tuple[ComposeService, ...]

    def service(self, name: str) -> ComposeService | None:
        return next((service for service in self.services if service.name == name), None)
