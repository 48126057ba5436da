"""A unit that a host must have, in the form that all kinds of unit share."""

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
    """JSON key of the answer (its parts separated by dots), and the value that means healthy."""


@dataclass(frozen=True, slots=True)
class UnixListener:
    """A declared unix socket. `owner`, `group`, `mode`: '' if not declared; mode has four octal digits."""

    name: str
    path: str
    owner: str
    group: str
    mode: str
    origin: Origin


Pairs = tuple[tuple[str, str], ...]
"""Directive and value as systemd reads it, in file order."""


DEFAULT_PART = "25%"
"""How much of a pool a deploy may have down at once, if its service does not say."""
STATE_WORDS = {True: "active", False: "stopped", None: "on-demand"}
"""Whether a unit other than a service must be active → the word for it in its table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What any unit file may have: whole unit names by directive, and the rest of [Unit] and [Install]."""

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
    """[Install] except WantedBy."""
    extra: tuple[tuple[str, Pairs], ...] = ()
    """Further sections."""
    specifiers: bool = False
    """Whether a `%` in its values is left to systemd."""


@dataclass(frozen=True, slots=True)
class DesiredUnit(Related):
    """A unit of any kind that a host must have: the part that is the same for every kind."""

    name: str
    """Its name in the registry; for an instance, the template's with `@` and the instance name."""
    unit: str
    summary: str
    origin: Origin
    ports: tuple[Listener, ...] = field(default=(), kw_only=True)
    """What it listens on; for a socket, what systemd listens on for it."""
    unix_sockets: tuple[UnixListener, ...] = field(default=(), kw_only=True)
    starts: str = field(default="", kw_only=True)
    """The unit that it explicitly names as the one to start."""
    template: str = field(default="", kw_only=True)
    """For an instance: the unit whose file it uses."""
    owner: str = field(default="", kw_only=True)
    """Who answers for it; '' if nobody is declared."""
    critical: bool = field(default=False, kw_only=True)
    """Whether the registry says that the fleet cannot do without it."""
    enabled: bool = field(default=True, kw_only=True)
    """Whether it starts at boot, or with the units that want it, as far as its [Install] allows."""

    @property
    def kind(self) -> UnitKind:
        return UnitKind.of(self.unit)

    @property
    def is_template(self) -> bool:
        return is_template(self.unit)

    @property
    def instance(self) -> str:
        """The part of an instance's name after the `@`; '' for other units."""
        return get_instance(self.unit)

    @property
    def made_by(self) -> str:
        """The unit whose file it uses: for an instance its template, else itself."""
        return self.template or self.unit

    @property
    def generated(self) -> bool:
        """Whether qtctl generates its file."""
        return True

    @property
    def must_be_active(self) -> bool | None:
        """None if something else starts it, so it may be up or down."""
        return True

    @property
    def must_be_enabled(self) -> bool:
        """Whether it must be enabled; a unit without [Install] is static."""
        return self.enabled

    @property
    def installable(self) -> bool:
        return bool(self.wanted_by or self.install)

    @property
    def declared(self) -> str:
        """The declared state: active, stopped, on-demand; services and externals have their own words."""
        return STATE_WORDS[self.must_be_active]

    @property
    def names(self) -> tuple[str, ...]:
        """Every unit name that it may have on a host, its own first."""
        aliases = (name for directive, name in self.install if directive == "Alias")
        return (self.unit, *(name for name in aliases if "%" not in name))

    @property
    def triggers(self) -> str:
        """The unit that it starts, whether or not it names it; '' if it starts none."""
        namesake = STARTS_NAMESAKE.get(self.kind)
        return self.starts or (f"{strip_type(self.unit)}.{namesake}" if namesake else "")
