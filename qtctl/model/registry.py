"""The declared fleet, as its TOML files say it. Field names are the keys that an operator writes."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from qtctl.model.fields import AbsolutePath, EnvName, Listen, Name, Node, Percent, Size, Span, UnitName
from qtctl.model.origin import Origin
from qtctl.model.running import AccountName, Commands, Directories, DocumentationUri, Kill, Log, Timeouts, Umask


class ServiceState(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    ON_TIMER = "on-timer"
    RETIRED = "retired"


class RunKind(StrEnum):
    UVICORN = "uvicorn"
    MODULE = "module"
    SCRIPT = "script"
    COMMAND = "command"


class Run(Node):
    """How a service is started.

    `uvicorn` wants `app` and `port`, `module` a dotted name, `script` a path, `command` an argv.
    """

    kind: RunKind
    app: str | None = None
    module: str | None = None
    script: str | None = None
    argv: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    port: str | None = None
    code: AbsolutePath | None = None
    cwd: AbsolutePath | None = None
    venv: Name | None = None
    python: AbsolutePath | None = None


class Health(Node):
    path: Annotated[str, StringConstraints(pattern=r"^/")]
    status: int = 200
    within: Span = "2s"


class Port(Node):
    listen: Listen
    protocol: Literal["tcp", "udp"] = "tcp"
    summary: str = ""
    health: Health | None = None

    @property
    def address(self) -> str:
        return self.listen.rpartition(":")[0]

    @property
    def number(self) -> int:
        return int(self.listen.rpartition(":")[2])


class Secrets(Node):
    """Names only. The file is made on the host by its operators; qtctl never writes it."""

    env_file: AbsolutePath
    keys: tuple[EnvName, ...] = ()


class Order(Node):
    """Names of services, externals or targets of this registry, or whole unit names."""

    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    binds_to: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    on_failure: tuple[str, ...] = ()


class Limits(Node):
    memory_high: Size | None = None
    memory_max: Size | None = None
    cpu_quota: Percent | None = None
    cpu_weight: int | None = Field(default=None, ge=1, le=10000)
    io_weight: int | None = Field(default=None, ge=1, le=10000)
    tasks_max: int | None = Field(default=None, ge=1)
    nofile: int | None = Field(default=None, ge=1)
    oom_score_adjust: int | None = Field(default=None, ge=-1000, le=1000)


class Restart(Node):
    restart: Literal["no", "always", "on-success", "on-failure", "on-abnormal", "on-abort", "on-watchdog"] | None = None
    restart_sec: Span | None = None
    start_limit_interval: Span | None = None
    start_limit_burst: int | None = Field(default=None, ge=1)


class Sandbox(Node):
    profile: Literal["default", "strict", "none"] | None = None
    read_write_paths: tuple[AbsolutePath, ...] = ()
    read_only_paths: tuple[AbsolutePath, ...] = ()


class Consumes(Node):
    group: str
    max_lag: int | None = Field(default=None, ge=0)
    max_pending: int | None = Field(default=None, ge=0)


class ServiceStreams(Node):
    """Redis streams and keys by their whole names: what the service writes and reads."""

    publishes: tuple[str, ...] = ()
    consumes: dict[str, Consumes] = {}
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


class Service(Node):
    summary: str
    state: ServiceState
    why: str = ""
    notes: str = ""
    replaced_by: tuple[str, ...] = ()
    hosts: tuple[Name, ...] = ()
    unit: UnitName | None = None
    category: str = ""
    target: Name | None = None
    type: Literal["exec", "simple", "notify", "oneshot", "forking"] | None = None
    user: str | None = None
    group: str | None = None
    supplementary_groups: tuple[AccountName, ...] = ()
    documentation: tuple[DocumentationUri, ...] = ()
    run: Run | None = None
    commands: Commands = Commands()
    timeouts: Timeouts = Timeouts()
    kill: Kill = Kill()
    remain_after_exit: bool = False
    pid_file: AbsolutePath | None = None
    umask: Umask | None = None
    nice: int | None = Field(default=None, ge=-20, le=19)
    directories: Directories = Directories()
    log: Log = Log()
    ports: dict[Name, Port] = {}
    env: dict[EnvName, str] = {}
    secrets: Secrets | None = None
    order: Order = Order()
    limits: Limits = Limits()
    restart: Restart = Restart()
    sandbox: Sandbox = Sandbox()
    streams: ServiceStreams = ServiceStreams()


class Defaults(Node):
    """What every service has unless it says otherwise."""

    user: str
    group: str
    type: Literal["exec", "simple", "notify", "oneshot", "forking"] = "exec"
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

    restarts: int = Field(default=3, ge=1)
    up_less_than: Span = "60s"


class Thresholds(Node):
    restart_loop: RestartLoop = RestartLoop()
    max_lag: int = Field(default=1000, ge=0)


class Fleet(Node):
    name: Name
    summary: str = ""
    unit_prefix: str = ""
    unit_patterns: tuple[str, ...]
    """Shell patterns of unit names that count as the fleet's: one on a host that nothing declares is a finding."""
    env_dir: AbsolutePath
    defaults: Defaults
    thresholds: Thresholds = Thresholds()


class Host(Node):
    summary: str = ""
    address: str
    ssh_port: int = Field(default=22, ge=1, le=65535)
    audit_user: str
    deploy_user: str
    memory: Size
    cpus: int = Field(ge=1)
    os: str = ""
    systemd: int = Field(default=252, ge=240)
    timezone: str = "Etc/UTC"


class Store(Node):
    """A Redis server. The password is a name: an environment variable of whoever runs qtctl."""

    external: Name
    hosts: tuple[Name, ...] = ()
    address: Listen = "127.0.0.1:6379"
    password_env: EnvName | None = None


class Target(Node):
    summary: str
    state: Literal["active", "retired"] = "active"
    hosts: tuple[Name, ...] = ()
    unit: UnitName | None = None
    within: Name | None = None
    """The target that wants this one; none: multi-user.target."""
    why: str = ""
    replaced_by: tuple[str, ...] = ()
    order: Order = Order()


class Timer(Node):
    summary: str
    service: Name
    state: Literal["active", "stopped", "retired"] = "active"
    hosts: tuple[Name, ...] = ()
    unit: UnitName | None = None
    why: str = ""
    on_calendar: tuple[str, ...] = ()
    on_boot: Span | None = None
    on_startup: Span | None = None
    on_active: Span | None = None
    on_unit_active: Span | None = None
    on_unit_inactive: Span | None = None
    accuracy: Span | None = None
    randomized_delay: Span | None = None
    fixed_random_delay: bool = False
    persistent: bool = False
    wake_system: bool = False


class Venv(Node):
    path: AbsolutePath
    state: Literal["present", "retired"] = "present"
    hosts: tuple[Name, ...] = ()
    summary: str = ""
    why: str = ""


class KeyType(StrEnum):
    STREAM = "stream"
    HASH = "hash"
    STRING = "string"
    LIST = "list"
    SET = "set"
    ZSET = "zset"


class Key(Node):
    """A Redis key. `max_age` (streams only) is how old the newest entry may be."""

    type: KeyType
    summary: str = ""
    store: Name = "redis"
    state: Literal["active", "retired"] = "active"
    why: str = ""
    group: str = ""
    max_age: Span | None = None
    max_length: int | None = Field(default=None, ge=1)


class External(Node):
    """Something the fleet depends on that qtctl audits and does not generate."""

    summary: str
    unit: UnitName | None = None
    aliases: tuple[str, ...] = ()
    state: Literal["running", "stopped", "retired"] = "running"
    enabled: bool = True
    hosts: tuple[Name, ...] = ()
    why: str = ""
    replaced_by: tuple[str, ...] = ()
    ports: dict[Name, Port] = {}


class DispositionKind(StrEnum):
    MAPPED = "mapped"
    MIGRATED = "migrated"
    ABSORBED = "absorbed"
    DEPRECATED = "deprecated"


class Disposition(Node):
    """Where a compose service went: `to` names services or externals of this registry."""

    is_: DispositionKind = Field(alias="is")
    to: tuple[Name, ...] = ()
    why: str
    ports: dict[str, str] = {}
    """Published compose port → what became of it: "8001" (kept or moved) or "gone: reason"."""


class Legacy(Node):
    """A compose file that the fleet came from, by its file name, and what became of each of its services."""

    compose: str
    summary: str = ""
    services: dict[str, Disposition]


class Policy(Node):
    fail_on: Literal["info", "warning", "error"] = "warning"
    severities: dict[str, Literal["info", "warning", "error"]] = {}


class Registry(Node):
    """All files of a registry. `origins` is filled by the loader: kind and name → where it stands."""

    fleet: Fleet
    hosts: dict[Name, Host]
    stores: dict[Name, Store] = {}
    services: dict[Name, Service] = {}
    targets: dict[Name, Target] = {}
    timers: dict[Name, Timer] = {}
    venvs: dict[Name, Venv] = {}
    keys: dict[str, Key] = {}
    externals: dict[Name, External] = {}
    legacy: tuple[Legacy, ...] = ()
    policy: Policy = Policy()
    legacy_files: dict[str, str] = {}
    """Compose file name → the registry file that records it."""
    origins: dict[tuple[str, str], Origin] = Field(default={}, exclude=True)
