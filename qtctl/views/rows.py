"""The rows of `qtctl list`, by kind."""

from typing import Literal

from qtctl.reports.document import Part


class HostRow(Part):
    """`state` is always `present`: a host that no longer exists is removed from hosts.toml."""

    kind: Literal["host"] = "host"
    name: str
    address: str
    ssh_port: int
    state: Literal["present"] = "present"
    audit_user: str
    deploy_user: str
    memory: str
    cpus: int
    systemd: int
    tags: tuple[str, ...] = ()
    summary: str


class ServiceRow(Part):
    kind: Literal["service"] = "service"
    name: str
    unit: str
    state: str
    instances: tuple[str, ...] = ()
    """For a template, the units that it makes."""
    target: str
    ports: tuple[str, ...]
    venv: str
    summary: str


class TimerRow(Part):
    kind: Literal["timer"] = "timer"
    name: str
    unit: str
    state: str
    instances: tuple[str, ...]
    service: str
    schedule: tuple[str, ...]
    summary: str


class TargetRow(Part):
    kind: Literal["target"] = "target"
    name: str
    unit: str
    state: str
    within: str
    services: tuple[str, ...]
    summary: str


class UnitRow(Part):
    """A socket, path, slice, mount, automount, swap or drop-in.

    `starts`: what a socket or path starts, if that is not the service with its name.
    """

    kind: Literal["unit"] = "unit"
    name: str
    unit: str
    type: str
    state: str
    instances: tuple[str, ...]
    starts: str
    summary: str


class VenvRow(Part):
    kind: Literal["venv"] = "venv"
    name: str
    path: str
    state: str
    services: tuple[str, ...]
    summary: str


class UserRow(Part):
    """The host chooses what is empty."""

    kind: Literal["user"] = "user"
    name: str
    state: str
    group: str
    groups: tuple[str, ...]
    home: str
    shell: str
    summary: str


class FolderRow(Part):
    kind: Literal["folder"] = "folder"
    path: str
    state: str
    mode: str
    owner: str
    summary: str


class StreamRow(Part):
    """Any Redis key. `writers`: services that publish to the stream or write the key. `readers`: consume or read it."""

    kind: Literal["stream"] = "stream"
    name: str
    type: str
    state: str
    store: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    summary: str


class PortRow(Part):
    kind: Literal["port"] = "port"
    name: str
    listen: str
    protocol: str
    state: str
    health: str
    summary: str


class ExternalRow(Part):
    kind: Literal["external"] = "external"
    name: str
    unit: str
    state: str
    ports: tuple[str, ...]
    aliases: tuple[str, ...]
    summary: str


Row = (
    HostRow
    | ServiceRow
    | TimerRow
    | TargetRow
    | UnitRow
    | VenvRow
    | UserRow
    | FolderRow
    | StreamRow
    | PortRow
    | ExternalRow
)
