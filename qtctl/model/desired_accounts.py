"""The accounts, folders and host names that one host must have."""

from dataclasses import dataclass

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class DesiredAccount:
    """`uid`, `gid` None and `home`, `shell` '': the host chooses."""

    name: str
    summary: str
    uid: int | None
    group: str
    gid: int | None
    groups: tuple[str, ...]
    home: str
    shell: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredFolder:
    """`mode`: four octal digits; `age`: '' or how old its content may get."""

    path: str
    mode: str
    user: str
    group: str
    age: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredHosts:
    """Address → names, in the order in which they are written.

    `cloud_init`: whether cloud-init is told to leave the file alone.
    """

    aliases: tuple[tuple[str, tuple[str, ...]], ...]
    cloud_init: bool
    origin: Origin

    def list_addresses(self, name: str) -> tuple[str, ...]:
        return tuple(address for address, names in self.aliases if name in names)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for _, names in self.aliases for name in names}))
