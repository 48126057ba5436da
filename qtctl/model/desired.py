"""What one host must have:

the registry resolved for it, defaults merged, names made whole. All later stages take this.
"""

from dataclasses import dataclass

from qtctl.model.desired_accounts import DesiredAccount, DesiredFolder, DesiredHosts
from qtctl.model.origin import Origin
from qtctl.model.states import KeyType, ServiceState


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


@dataclass(frozen=True, slots=True)
class Membership:
    """A consumer group that a service reads a stream with."""

    store: str
    stream: str
    group: str
    max_lag: int
    max_pending: int | None
    service: str
    origin: Origin


Pairs = tuple[tuple[str, str], ...]
"""Directive and value as systemd reads it, in file order."""


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
class DesiredCommand:
    """A command around a service's own: prefixes (`-`, `+`, `!`) and the argv that its process gets; or a `line`."""

    directive: str
    prefixes: str
    argv: tuple[str, ...]
    line: str = ""
    """As systemd reads it; then the others are only what can be seen of it."""


@dataclass(frozen=True, slots=True)
class DesiredService(Related):
    """A service that must run, must be there stopped, or runs on a timer. Retired ones are `Ghost`s.

    `argv` is what the process must get, before any systemd escaping. `env` and `secrets_file` go to EnvironmentFile=;
    `env_file` is the generated one. Times in microseconds, sizes as systemd writes them.
    """

    name: str
    unit: str
    summary: str
    category: str
    state: ServiceState
    why: str
    type: str
    user: str
    group: str
    argv: tuple[str, ...]
    working_directory: str
    venv: str
    entry_point: str
    env_file: str
    env: tuple[tuple[str, str], ...]
    secrets_file: str
    secrets_keys: tuple[str, ...]
    target: str
    limits: tuple[tuple[str, str], ...]
    """Directive and value, for example ("MemoryMax", "1G")."""
    restart: tuple[tuple[str, str], ...]
    start_limit: tuple[tuple[str, str], ...]
    sandbox: tuple[tuple[str, str], ...]
    ports: tuple[Listener, ...]
    publishes: tuple[str, ...]
    writes: tuple[str, ...]
    consumes: tuple[Membership, ...]
    store: str
    enabled: bool
    origin: Origin
    commands: tuple[DesiredCommand, ...] = ()
    settings: Pairs = ()
    """Further directives of [Service]."""
    syslog_identifier: str = ""
    """'' for none: systemd takes the program's name."""
    lines: tuple[str, ...] = ()
    """ExecStart= as systemd reads it, where `argv` is only what can be seen of it."""
    loaded: tuple[tuple[str, ...], ...] = ()
    """The commands as systemd shows them when it has read the unit."""
    unit_env: tuple[tuple[str, str], ...] = ()
    env_files: tuple[str, ...] = ()
    """Further env files, as systemd reads them."""
    template: str = ""
    """Of an instance: the unit whose file it is made by."""


@dataclass(frozen=True, slots=True)
class DesiredTarget(Related):
    name: str
    unit: str
    summary: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredTimer(Related):
    """`schedule` is directive and value in file order. `active`: declared active (enabled and started)."""

    name: str
    unit: str
    summary: str
    service_unit: str
    schedule: tuple[tuple[str, str], ...]
    active: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredUnit(Related):
    """A unit of a lesser kind: `section` is its own (Socket, Path, Slice, Mount, Automount, Swap).

    `starts` is the unit that it starts, or "".
    """

    name: str
    unit: str
    section: str
    summary: str
    starts: str
    settings: Pairs
    active: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredDropin:
    """A file that adds to a unit which is not generated."""

    name: str
    unit: str
    path: str
    sections: tuple[tuple[str, Pairs], ...]
    unit_env: tuple[tuple[str, str], ...]
    origin: Origin
    specifiers: bool = False


@dataclass(frozen=True, slots=True)
class DesiredVenv:
    name: str
    path: str
    interpreter: str
    used_by: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredKey:
    """A Redis key that must exist. `max_age_us` and `max_length` only for streams."""

    store: str
    name: str
    type: KeyType
    summary: str
    max_age_us: int | None
    max_length: int | None
    publishers: tuple[str, ...]
    consumers: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredStore:
    """A Redis server on the host, reached from the host itself at `address`:`port`."""

    name: str
    unit: str
    address: str
    port: int
    password_env: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredExternal:
    name: str
    unit: str
    aliases: tuple[str, ...]
    summary: str
    running: bool
    enabled: bool
    ports: tuple[Listener, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Ghost:
    """A unit that is declared retired: its presence on the host is a finding."""

    name: str
    unit: str
    why: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class DesiredFile:
    """A file that qtctl generates. `env` marks the env files: read only through stat, never shown."""

    path: str
    content: bytes
    mode: str
    owner: str
    group: str
    sha256: str
    kind: str
    """unit, dropin, env, sysusers, tmpfiles, cloud-init; hosts: the file that holds a block of ours."""
    subject: str
    """The unit that the file makes, or that reads it; of other kinds its path."""
    origin: Origin

    @property
    def of_unit(self) -> bool:
        """Whether systemd reads it as a unit file or a part of one. Its content may be shown."""
        return self.kind in ("unit", "dropin")


@dataclass(frozen=True, slots=True)
class Login:
    """How the registry says that a host is reached, and as whom."""

    address: str
    port: int
    audit_user: str
    deploy_user: str


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything one host must have, sorted by name. `files` is empty until render has run."""

    fleet: str
    host: str
    login: Login
    unit_patterns: tuple[str, ...]
    loop_restarts: int
    loop_up_us: int
    timezone: str
    memory: int
    services: tuple[DesiredService, ...]
    targets: tuple[DesiredTarget, ...]
    timers: tuple[DesiredTimer, ...]
    venvs: tuple[DesiredVenv, ...]
    keys: tuple[DesiredKey, ...]
    stores: tuple[DesiredStore, ...]
    externals: tuple[DesiredExternal, ...]
    ghosts: tuple[Ghost, ...]
    severities: tuple[tuple[str, str], ...]
    fail_on: str
    templates: tuple[DesiredService, ...] = ()
    """Rendered, and run only as their instances, which stand among the services."""
    units: tuple[DesiredUnit, ...] = ()
    dropins: tuple[DesiredDropin, ...] = ()
    files: tuple[DesiredFile, ...] = ()
    accounts: tuple[DesiredAccount, ...] = ()
    folders: tuple[DesiredFolder, ...] = ()
    hosts_file: DesiredHosts | None = None

    def service(self, name: str) -> DesiredService | None:
        return next((service for service in self.services if service.name == name), None)
