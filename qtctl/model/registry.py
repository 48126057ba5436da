"""The declared fleet, as its TOML files say it. Field names are the keys that an operator writes."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from qtctl.model.accounts import Folder, HostsFile, User
from qtctl.model.expect import Expect
from qtctl.model.fields import (
    AbsolutePath,
    Account,
    EnvName,
    ExternalName,
    FilePath,
    HostAddress,
    HostName,
    Listen,
    ListenOfInstances,
    Name,
    Node,
    Number,
    Plain,
    Setting,
    Size,
    Span,
    StoreName,
    Switch,
    TargetName,
    TcpPort,
    UnitAccount,
    UnitName,
    UnitPrefix,
    UnitRef,
    VenvName,
    says,
)
from qtctl.model.limits import Limits, Restart, Scheduling
from qtctl.model.origin import Origin
from qtctl.model.relations import Asserts, Conditions, Install, Manager, Order
from qtctl.model.running import (
    AccountName,
    Commands,
    Directories,
    DocumentationUri,
    Kill,
    Log,
    Process,
    Terminal,
    Timeouts,
    Umask,
)
from qtctl.model.sandbox import Sandbox
from qtctl.model.states import KeyType, ServiceState
from qtctl.model.units import (
    Automount,
    Dropin,
    Mount,
    Original,
    Path,
    RawDirectives,
    Slice,
    Socket,
    Swap,
    Target,
    Timer,
)

WorkingDirectory = Annotated[
    str,
    StringConstraints(pattern=r"^(-?([/%].*|~))?$", max_length=4095),
    Plain,
    Expect('an absolute path or "~", which - may stand before, such as "/srv/app"'),
]
"""A path, `~` for the home of the user; `-` before it: it may be missing. Empty: systemd's own choice, /."""
TimeZone = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", max_length=100),
    Expect('a time zone, such as "Europe/Oslo"'),
]
"""As timedatectl names it: "Europe/Oslo"."""
Type = Literal["exec", "simple", "notify", "notify-reload", "oneshot", "forking", "dbus", "idle"]


_MODULE = r"\w[\w-]*(\.\w[\w-]*)*"
ModuleName = Annotated[
    str,
    StringConstraints(pattern=rf"^{_MODULE}$", max_length=1000),
    Expect('the name of a Python module, such as "trading.feed"'),
]
AppName = Annotated[
    str,
    StringConstraints(pattern=rf"^{_MODULE}(:[^\s/\x00-\x1f\x7f-\x9f]+)?$", max_length=1000),
    Expect('a Python module and what to take from it, such as "trading.api:app"'),
]
"""A module and, after a colon, what uvicorn takes from it: "trading.api:app"."""


class RunKind(StrEnum):
    UVICORN = "uvicorn"
    MODULE = "module"
    SCRIPT = "script"
    COMMAND = "command"
    EXEC = "exec"


class Run(Node):
    """How a service is started.

    `uvicorn` wants `app` and `port`, `module` a dotted name, `script` a path, `command` an argv, character by
    character; `exec` wants `lines` as systemd reads them: there `$NAME` and `%i` mean what they mean to it.
    """

    kind: RunKind
    app: AppName | None = None
    module: ModuleName | None = None
    script: FilePath | None = None
    argv: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    lines: tuple[Setting, ...] = says("ExecStart", ())
    port: str | None = None
    code: AbsolutePath | None = None
    cwd: WorkingDirectory | None = says("WorkingDirectory")
    venv: VenvName | None = None
    python: AbsolutePath | None = None


UrlPath = Annotated[
    str,
    StringConstraints(pattern=r"^/[^\s\x00-\x1f\x7f-\x9f]*$", max_length=2000),
    Expect('the path of a URL, such as "/health"'),
]


class Health(Node):
    path: UrlPath
    status: Number = 200
    within: Span = "2s"


class Port(Node):
    listen: ListenOfInstances
    protocol: Literal["tcp", "udp"] = "tcp"
    summary: str = ""
    health: Health | None = None

    @property
    def address(self) -> str:
        return self.listen.rpartition(":")[0]

    @property
    def number(self) -> int:
        return int(self.listen.rpartition(":")[2])


CredentialName = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Za-z0-9_@-]|\.\.?[A-Za-z0-9_@-]|\.{3})[A-Za-z0-9_.@-]*$", max_length=200),
    Expect("the name of a file: letters, digits and _ . @ -"),
]
"""The name of a file: not `.` or `..`."""


class Secrets(Node):
    """Names only. Files and credentials are made on the host by its operators; qtctl never writes them."""

    env_file: AbsolutePath | None = None
    keys: tuple[EnvName, ...] = ()
    credentials: dict[CredentialName, FilePath] = says("LoadCredential", {})
    """Name → file, folder or socket that systemd reads as root, and shows to the service alone."""
    encrypted: dict[CredentialName, FilePath] = says("LoadCredentialEncrypted", {})
    imported: tuple[Setting, ...] = says("ImportCredential", ())


class Consumes(Node):
    group: str
    max_lag: Number | None = Field(default=None, ge=0)
    max_pending: Number | None = Field(default=None, ge=0)


class ServiceStreams(Node):
    """Redis streams and keys by their whole names: what the service writes and reads."""

    publishes: tuple[str, ...] = ()
    consumes: dict[str, Consumes] = {}
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


Instance = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9:_.\\-]+$", max_length=200),
    Expect('what stands behind the @ of a unit name: letters, digits and : _ . \\ -, such as "2"'),
]


class OwnValues(Node):
    """What one instance of a template has otherwise than the template says.

    `ports`: names of the template's ports, and where this instance listens.
    """

    state: Literal[ServiceState.RUNNING, ServiceState.STOPPED, ServiceState.ON_TIMER, ServiceState.ON_DEMAND] | None = (
        None
    )
    enabled: Switch | None = None
    ports: dict[Name, Listen] = {}
    env: dict[EnvName, str] = {}


class Service(Node):
    SECTION: ClassVar = "Service"

    summary: str = says("Description", ..., section="Unit")
    state: ServiceState
    enabled: Switch | None = None
    why: str = ""
    notes: str = ""
    replaced_by: tuple[str, ...] = ()
    hosts: tuple[HostName, ...] = ()
    unit: UnitName | None = None
    category: str = ""
    target: TargetName | None = None
    type: Type | None = says("Type")
    user: UnitAccount | None = says("User")
    group: UnitAccount | None = says("Group")
    supplementary_groups: tuple[AccountName, ...] = says("SupplementaryGroups", ())
    documentation: tuple[DocumentationUri, ...] = says("Documentation", (), section="Unit")
    instances: tuple[Instance, ...] = ()
    instance: dict[Instance, OwnValues] = {}
    specifiers: Switch | None = None
    """Whether `%` in the values of this unit is systemd's. Not said: in templates, where `%i` is what they are for."""
    run: Run | None = None
    commands: Commands = Commands()
    timeouts: Timeouts = Timeouts()
    kill: Kill = Kill()
    remain_after_exit: Switch | None = says("RemainAfterExit")
    pid_file: Setting | None = says("PIDFile")
    umask: Umask | None = says("UMask")
    slice: Name | UnitRef | None = says("Slice")
    process: Process = Process()
    scheduling: Scheduling = Scheduling()
    directories: Directories = Directories()
    log: Log = Log()
    terminal: Terminal = Terminal()
    ports: dict[Name, Port] = {}
    env: dict[EnvName, str] = {}
    unit_env: dict[EnvName, str] = says("Environment", {})
    """Environment= in the unit itself: anyone on the host may read it."""
    env_files: tuple[Setting, ...] = says("EnvironmentFile", ())
    """EnvironmentFile= as systemd reads it: files that qtctl does not write."""
    pass_env: tuple[EnvName, ...] = says("PassEnvironment", ())
    unset_env: tuple[Setting, ...] = says("UnsetEnvironment", ())
    secrets: Secrets | None = None
    order: Order = Order()
    conditions: Conditions = Conditions()
    asserts: Asserts = Asserts()
    manager: Manager = Manager()
    install: Install | None = None
    limits: Limits = Limits()
    restart: Restart = Restart()
    sandbox: Sandbox = Sandbox()
    streams: ServiceStreams = ServiceStreams()
    systemd: RawDirectives = {}


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


class Thresholds(Node):
    restart_loop: RestartLoop = RestartLoop()
    stuck_after: Span = "1h"
    max_lag: Number = Field(default=1000, ge=0)


class Fleet(Node):
    name: Name
    summary: str = ""
    unit_prefix: UnitPrefix = ""
    unit_patterns: tuple[str, ...]
    """Shell patterns of unit names that count as the fleet's: one on a host that nothing declares is a finding."""
    env_dir: AbsolutePath
    defaults: Defaults
    thresholds: Thresholds = Thresholds()


HostKey = Literal["address", "audit_user", "deploy_user", "memory", "cpus", "os", "systemd", "timezone"]


class Host(Node):
    summary: str = ""
    address: HostAddress
    ssh_port: TcpPort = 22
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


class Store(Node):
    """A Redis server. The password is a name: an environment variable of whoever runs qtctl."""

    external: ExternalName
    hosts: tuple[HostName, ...] = ()
    address: Listen = "127.0.0.1:6379"
    password_env: EnvName | None = None


class Venv(Node):
    path: AbsolutePath
    state: Literal["present", "retired"] = "present"
    hosts: tuple[HostName, ...] = ()
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
    hosts: tuple[HostName, ...] = ()
    why: str = ""
    replaced_by: tuple[str, ...] = ()
    ports: dict[Name, Port] = {}


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


class Legacy(Node):
    """A compose file that the fleet came from, by its file name, and what became of each of its services."""

    compose: FilePath
    summary: str = ""
    services: dict[str, Disposition]


class Policy(Node):
    fail_on: Literal["info", "warning", "error"] = "warning"
    severities: dict[str, Literal["info", "warning", "error"]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """All files of a registry, each table checked on its own. `origins`: kind and name → where it stands."""

    fleet: Fleet
    hosts: dict[str, Host]
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
    legacy: tuple[Legacy, ...] = ()
    policy: Policy = field(default_factory=Policy)
    legacy_files: dict[str, str] = field(default_factory=dict)
    """Compose file name → the registry file that records it."""
    origins: dict[tuple[str, str], Origin] = field(default_factory=dict)
