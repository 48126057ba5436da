"""A unit that a host must have, in the shape that all kinds of unit share."""

from dataclasses import dataclass, field

from qtctl.dialects.systemd.unit_name import get_instance, is_template, strip_type
from qtctl.model.origin import Origin
from qtctl.model.unit_kinds import STARTS_NAMESAKE, UnitKind


@dataclass(frozen=True, slots=True)
class Listener:
    """A declared port. `address` as ss prints it: 127.0.0.1, 0.0.0.0, [::1], *."""

    name: str
    protocol: str
    address: str
    port: int
    health_path: str
    health_status: int
    health_within_us: int
    origin: Origin
    health_text: str = ""
    health_values: tuple[tuple[str, str | int | bool], ...] = ()
    """JSON key of the answer, its parts with dots between them, and the value that means well."""


@dataclass(frozen=True, slots=True)
class UnixListener:
    """A declared unix socket. `owner`, `group`, `mode`: '' where nothing is said of them; mode four octal digits."""

    name: str
    path: str
    owner: str
    group: str
    mode: str
    origin: Origin


Pairs = tuple[tuple[str, str], ...]
"""Directive and value as systemd reads it, in file order."""


STATE_WORDS = {True: "active", False: "stopped", None: "on-demand"}
"""Whether a unit that is no service must be active → how its table says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What every unit's file may say: whole unit names by directive, and what else is in [Unit] and [Install]."""

    wants: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    binds_to: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    on_failure: tuple[str, ...] = ()
    unit_settings: Pairs = ()
    """Further directives of [Unit]."""
    wanted_by: tuple[str, ...] = ()
    install: Pairs = ()
    """What of [Install] is not WantedBy."""
    extra: tuple[tuple[str, Pairs], ...] = ()
    """Further sections."""
    specifiers: bool = False
    """Whether a `%` in its values is systemd's."""


@dataclass(frozen=True, slots=True)
class DesiredUnit(Related):
    """A unit of any kind that a host must have: what all readers of units look at, whatever kind they are of."""

    name: str
    """Its name in the registry; of an instance the template's, with `@` and its own."""
    unit: str
    summary: str
    origin: Origin
    ports: tuple[Listener, ...] = field(default=(), kw_only=True)
    """What it listens on: of a socket what systemd holds for it."""
    unix_sockets: tuple[UnixListener, ...] = field(default=(), kw_only=True)
    starts: str = field(default="", kw_only=True)
    """The unit that it names to be started by it."""
    template: str = field(default="", kw_only=True)
    """Of an instance: the unit whose file it is made by."""
    enabled: bool = field(default=True, kw_only=True)
    """Whether it starts at boot, or with what wants it, where its [Install] lets it be enabled."""

    @property
    def kind(self) -> UnitKind:
        return UnitKind.of(self.unit)

    @property
    def is_template(self) -> bool:
        return is_template(self.unit)

    @property
    def instance(self) -> str:
        """What follows the `@` of an instance's name; '' of any other unit."""
        return get_instance(self.unit)

    @property
    def made_by(self) -> str:
        """The unit whose file it is made by: of an instance its template, else itself."""
        return self.template or self.unit

    @property
    def generated(self) -> bool:
        """Whether qtctl makes its file."""
        return True

    @property
    def must_be_active(self) -> bool | None:
        """None: it may run or not, as something else starts it."""
        return True

    @property
    def must_be_enabled(self) -> bool:
        """Where it can be: a unit without [Install] is static."""
        return self.enabled

    @property
    def installable(self) -> bool:
        return bool(self.wanted_by or self.install)

    @property
    def declared(self) -> str:
        """The state that the registry declares: active, stopped, on-demand; services and externals have their words."""
        return STATE_WORDS[self.must_be_active]

    @property
    def names(self) -> tuple[str, ...]:
        """Every unit name that it may go by on a host, its own first."""
        aliases = (name for directive, name in self.install if directive == "Alias")
        return (self.unit, *(name for name in aliases if "%" not in name))

    @property
    def triggers(self) -> str:
        """The unit that it starts, also where it does not name it; '' where it starts none."""
        namesake = STARTS_NAMESAKE.get(self.kind)
        return self.starts or (f"{strip_type(self.unit)}.{namesake}" if namesake else "")
