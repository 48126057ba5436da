"""The types of unit that systemd has, and how a registry declares each. Nothing else lists them."""

from dataclasses import dataclass
from enum import StrEnum


class UnitKind(StrEnum):
    """The suffixes of unit names."""

    SERVICE = "service"
    TIMER = "timer"
    TARGET = "target"
    SOCKET = "socket"
    PATH = "path"
    SLICE = "slice"
    MOUNT = "mount"
    AUTOMOUNT = "automount"
    SWAP = "swap"
    DEVICE = "device"
    SCOPE = "scope"

    @classmethod
    def of(cls, unit: str) -> "UnitKind":
        """The type of a whole unit name. ValueError for another ending."""
        return cls(unit.rpartition(".")[2])

    @property
    def suffix(self) -> str:
        return f".{self}"

    @property
    def section(self) -> str:
        """The section of its own in a unit file: Socket; '' for a type that has none."""
        return "" if self in _WITHOUT_SECTION else self.capitalize()


_WITHOUT_SECTION = frozenset({UnitKind.TARGET, UnitKind.DEVICE})


@dataclass(frozen=True, slots=True)
class Declaration:
    """How a registry declares a type of unit: in `table`, a field of `Registry` and the name of its file.

    `wanted_by` enables it unless the registry says otherwise. `path_key`: the key with the path that its name comes
    from. `starts_with`: the directive in its own section that names the unit it starts. `whole_name`: it can only be
    referred to by its whole unit name, since the short one may also be a service's.
    """

    kind: UnitKind
    table: str
    wanted_by: tuple[str, ...] = ("multi-user.target",)
    path_key: str = ""
    starts_with: str = ""
    whole_name: bool = True


DECLARATIONS = (
    Declaration(UnitKind.SERVICE, "services", whole_name=False),
    Declaration(UnitKind.TIMER, "timers", ("timers.target",), starts_with="Unit"),
    Declaration(UnitKind.TARGET, "targets", whole_name=False),
    Declaration(UnitKind.SOCKET, "sockets", ("sockets.target",), starts_with="Service"),
    Declaration(UnitKind.PATH, "paths", ("paths.target",), starts_with="Unit"),
    Declaration(UnitKind.SLICE, "slices", ()),
    Declaration(UnitKind.MOUNT, "mounts", path_key="where"),
    Declaration(UnitKind.AUTOMOUNT, "automounts", path_key="where"),
    Declaration(UnitKind.SWAP, "swaps", ("swap.target",), path_key="what"),
)
"""A slice starts with its first service: nothing wants it."""
STARTS_NAMESAKE = {
    UnitKind.SOCKET: UnitKind.SERVICE,
    UnitKind.PATH: UnitKind.SERVICE,
    UnitKind.TIMER: UnitKind.SERVICE,
    UnitKind.AUTOMOUNT: UnitKind.MOUNT,
}
"""Types that start another unit: if they name none, the namesake of this type."""
DECLARED_IN = {each.table: each for each in DECLARATIONS}
UNIT_TABLES = tuple(DECLARED_IN)
OTHER_UNIT_TABLES = tuple(table for table in UNIT_TABLES if table not in ("services", "timers", "targets"))
"""The tables whose units have one shape and one template."""
PLACED_TABLES = (*UNIT_TABLES, "dropins", "stores", "venvs", "code", "externals", "users", "folders", "checks")
"""The tables whose entries name the hosts that they are on."""
