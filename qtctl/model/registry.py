"""The declared fleet, as in its TOML files. Field names are the keys that an operator writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from qtctl.dialects.python_lock import LockedPackage
from qtctl.model.accounts import Folder, HostsFile, User
from qtctl.model.checks import Check
from qtctl.model.code import Code
from qtctl.model.expect import Expect
from qtctl.model.fields import (
    AbsolutePath,
    Account,
    EnvName,
    ExternalName,
    FilePath,
    HostAddress,
    HostRef,
    Name,
    Node,
    Number,
    RedisPattern,
    RedisUser,
    ServerName,
    Size,
    Span,
    StoreAddress,
    StoreName,
    Switch,
    Tag,
    TcpPort,
    UnitAccount,
    UnitName,
    UnitPrefix,
)
from qtctl.model.limits import Limits, Restart
from qtctl.model.origin import Origin
from qtctl.model.policy import Policy
from qtctl.model.relations import Order
from qtctl.model.running import (
    Log,
    Timeouts,
)
from qtctl.model.sandbox import Sandbox
from qtctl.model.service import Port, Service, TimeZone, Type, UnixListen
from qtctl.model.states import KeyType
from qtctl.model.units import (
    Automount,
    Dropin,
    Mount,
    Original,
    Path,
    Slice,
    Socket,
    Swap,
    Target,
    Timer,
)


class Defaults(Node):
    """What every service has unless it says otherwise."""

    user: UnitAccount
    group: UnitAccount
    type: Type | Literal[""] = "exec"
    code: AbsolutePath
    python: AbsolutePath = "/usr/bin/python3"
    env: dict[EnvName, str] = {}
    order: Order = Order()
    limits: Limits = Limits()
    restart: Restart = Restart()
    timeouts: Timeouts = Timeouts()
    log: Log = Log()
    sandbox: Sandbox = Sandbox()


class RestartLoop(Node):
    """A service with `restarts` or more that has been up for less than `up_less_than` counts as looping."""

    restarts: Number = Field(default=3, ge=1)
    up_less_than: Span = "60s"


Percentage = Annotated[Number, Field(ge=0, le=100)]


class HostThresholds(Node):
    """How much of its resources a host may use before that is a finding. 100 % used, or 0 % left, never is."""

    disk_used: Percentage = 90
    inodes_used: Percentage = 90
    memory_available: Percentage = 5
    swap_used: Percentage = 90
    load_per_cpu: Number = Field(default=10, ge=1)
    memory_pressure: Percentage = 20
    io_pressure: Percentage = 50
    clock_skew: Span = "2s"


class Thresholds(Node):
    host: HostThresholds = HostThresholds()
    restart_loop: RestartLoop = RestartLoop()
    stuck_after: Span = "1h"
    max_lag: Number = Field(default=1000, ge=0)
    max_idle: Span = "1h"


class Lifecycle(Node):
    """The path of one kind of event: the streams and other keys that it passes through, from first to last."""

    summary: str = ""
    passes: tuple[str, ...] = Field(min_length=2)


class Fleet(Node):
    name: Name
    summary: str = ""
    unit_prefix: UnitPrefix = ""
    unit_patterns: tuple[str, ...]
    """Shell patterns of unit names that count as the fleet's: one on a host that nothing declares is a finding."""
    tags: dict[Tag, str] = {}
    """Tag → what it is for. If there are any, hosts can carry no others."""
    env_dir: AbsolutePath
    defaults: Defaults
    thresholds: Thresholds = Thresholds()
    lifecycles: dict[Name, Lifecycle] = {}


HostKey = Literal["address", "audit_user", "deploy_user", "memory", "cpus", "os", "systemd", "timezone"]


class Host(Node):
    summary: str = ""
    address: HostAddress
    ssh_port: TcpPort = 22
    tags: tuple[Tag, ...] = ()
    """Groups of hosts that this one is in: `hosts = ["@workers"]` places something on all that carry the tag."""
    audit_user: Account
    deploy_user: Account
    memory: Size
    cpus: Number = Field(ge=1)
    os: str = ""
    systemd: Number = Field(default=252, ge=240)
    timezone: TimeZone = "Etc/UTC"
    guessed: tuple[HostKey, ...] = ()
    """Keys of this entry that nobody has checked: no finding rests on them. `qtctl adopt` lists what it guessed."""
    hosts_file: HostsFile | None = None
    expected_hostname: str = Field(default="", pattern=r"^[A-Za-z0-9.-]{0,253}$")
    machine: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")


class HostDefaults(Node):
    """What all hosts have, or those with a tag, unless their own tables say otherwise. None: it has no such default."""

    ssh_port: TcpPort | None = None
    audit_user: Account | None = None
    deploy_user: Account | None = None
    memory: Size | None = None
    cpus: Number | None = Field(default=None, ge=1)
    os: str | None = None
    systemd: Number | None = Field(default=None, ge=240)
    timezone: TimeZone | None = None
    guessed: tuple[HostKey, ...] = ()
    hosts_file: HostsFile | None = None


class Tls(Node):
    """Files of the machine that runs qtctl, in PEM."""

    ca: AbsolutePath | None = None
    certificate: AbsolutePath | None = None
    key: AbsolutePath | None = None
    server_name: ServerName | None = None


class Store(Node):
    """A Redis server. The password is given by name: an environment variable where qtctl runs."""

    external: ExternalName
    hosts: tuple[HostRef, ...] = ()
    address: StoreAddress = "127.0.0.1:6379"
    tls: Tls | None = None
    db: Number = Field(default=0, ge=0, le=65535)
    username: RedisUser | None = None
    password_env: EnvName | None = None
    appendonly: Switch = False
    """Whether it must write an append-only file (QT513)."""
    saved_within: Span | None = None
    """How old the last snapshot may be while there is something that is not in it (QT513)."""
    key_patterns: tuple[RedisPattern, ...] = Field(default=(), max_length=20)
    """Patterns of keys that count as the fleet's, as SCAN takes them: one that nothing declares is QT507."""
    group_patterns: tuple[RedisPattern, ...] = Field(default=(), max_length=20)
    """Patterns of groups of declared streams that count as the fleet's (QT507)."""


class Venv(Node):
    path: AbsolutePath
    lock: FilePath | None = None
    """Path of a lock file, relative to the registry."""
    build: Literal["wheels", "sources"] | None = None
    """A deploy builds it from its lock file: from wheels alone, or from source where there is no wheel."""
    python: AbsolutePath = "/usr/bin/python3"
    """The interpreter that it is built with."""
    state: Literal["present", "retired"] = "present"
    hosts: tuple[HostRef, ...] = ()
    summary: str = ""
    why: str = ""


class Key(Node):
    """A Redis key. `max_age` (streams only) is how old the newest entry may be."""

    type: KeyType
    summary: str = ""
    store: StoreName = "redis"
    state: Literal["active", "retired"] = "active"
    why: str = ""
    group: str = ""
    max_age: Span | None = None
    max_length: Number | None = Field(default=None, ge=1)


class External(Node):
    """Something the fleet depends on that qtctl audits and does not generate."""

    summary: str
    unit: UnitName | None = None
    aliases: tuple[Name | UnitName, ...] = ()
    state: Literal["running", "stopped", "retired"] = "running"
    enabled: Switch = True
    hosts: tuple[HostRef, ...] = ()
    why: str = ""
    owner: str = ""
    critical: Switch = False
    replaced_by: tuple[str, ...] = ()
    ports: dict[Name, Port] = {}
    unix_sockets: dict[Name, UnixListen] = {}


Reason = Annotated[str, StringConstraints(min_length=1, pattern=r"\S"), Expect("a reason, in words")]
Value = Annotated[str, StringConstraints(min_length=1, max_length=1000), Expect("text that is not empty")]


class DispositionKind(StrEnum):
    MAPPED = "mapped"
    MIGRATED = "migrated"
    ABSORBED = "absorbed"
    DEPRECATED = "deprecated"


class Disposition(Node):
    """Where a compose service went: `to` names units of this registry, of any kind, by their names or whole unit names.

    A template is all of its instances on the host, `worker@2` is one of them.
    """

    is_: DispositionKind = Field(alias="is")
    to: tuple[Name, ...] = ()
    why: str
    ports: dict[str, str] = {}
    """Published compose port → what became of it: "8001" (kept or moved) or "gone: reason"."""
    accepted: dict[str, Reason] = {}
    """Setting as the compose file names it, or all that begins with it → why it may be gone or different."""
    replaced: dict[Value, str] = {}
    renamed: dict[EnvName, EnvName] = {}


class Legacy(Node):
    """A compose file that the fleet came from, by its file name, and what became of each of its services.

    `accepted`, `replaced` and `renamed` are for all of its services, and those of a service go before them.
    """

    compose: FilePath
    summary: str = ""
    ran: Switch = True
    """Whether this file is what ran: parity is whole only where every file that ran was compared."""
    address: HostAddress | None = None
    """Where services of the file that were reached by name are now."""
    accepted: dict[str, Reason] = {}
    replaced: dict[Value, str] = {}
    """A word in values of variables, in commands and in paths → what it is now."""
    renamed: dict[EnvName, EnvName] = {}
    new: dict[Name, Reason] = {}
    """Services that no compose file had, each with why it came."""
    services: dict[str, Disposition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """All files of a registry, each table checked on its own. `origins`: kind and name → where it is declared."""

    fleet: Fleet
    hosts: dict[str, Host]
    """Each with the defaults in it."""
    host_defaults: dict[str, HostDefaults] = field(default_factory=dict)
    """`*`, or a tag with its sign → the defaults of these hosts."""
    defaulted: dict[str, Mapping[tuple[str, ...], str]] = field(default_factory=dict)
    """Host → path of a value → the table of defaults that it comes from."""
    stores: dict[str, Store] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    timers: dict[str, Timer] = field(default_factory=dict)
    sockets: dict[str, Socket] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    slices: dict[str, Slice] = field(default_factory=dict)
    mounts: dict[str, Mount] = field(default_factory=dict)
    automounts: dict[str, Automount] = field(default_factory=dict)
    swaps: dict[str, Swap] = field(default_factory=dict)
    dropins: dict[str, Dropin] = field(default_factory=dict)
    originals: dict[str, Original] = field(default_factory=dict)
    venvs: dict[str, Venv] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    externals: dict[str, External] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    code: dict[str, Code] = field(default_factory=dict)
    locks: dict[str, tuple[LockedPackage, ...]] = field(default_factory=dict)
    """Path in the registry → its packages, of each lock file that a venv names."""
    lock_texts: dict[str, str] = field(default_factory=dict)
    """Path in the registry → its text, of each of `locks`."""
    legacy: tuple[Legacy, ...] = ()
    policy: Policy = field(default_factory=Policy)
    legacy_files: dict[str, str] = field(default_factory=dict)
    """Compose file name → the registry file that records it."""
    origins: dict[tuple[str, str], Origin] = field(default_factory=dict)
    host_values: dict[Origin, dict[tuple[str, ...], str]] = field(default_factory=dict)
    """Of a registry as it is for one host: entry → path of a value → the host or tag whose table of `on` sets it."""
