"""A service as its TOML file says it. Field names are the keys that an operator writes."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints

from qtctl.dialects.systemd.table.words import WordSet, find_nearest_word, list_words
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.model.expect import Exact, Expect, Unfit
from qtctl.model.fields import (
    AbsolutePath,
    EnvName,
    FilePath,
    HostRef,
    Listen,
    ListenOfInstances,
    Mode,
    Name,
    Node,
    Number,
    Part,
    Plain,
    Setting,
    SocketPath,
    Span,
    Switch,
    TargetName,
    UnitAccount,
    UnitName,
    UnitRef,
    VenvName,
    says,
)
from qtctl.model.instances import Instance
from qtctl.model.limits import Limits, Restart, Scheduling
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
from qtctl.model.states import ServiceState
from qtctl.model.units import (
    RawDirectives,
)

WorkingDirectory = Annotated[
    str,
    StringConstraints(pattern=r"^(-?([/%].*|~))?$", max_length=4095),
    Plain,
    Expect('an absolute path or "~", optionally with - in front, such as "/srv/app"'),
]
"""A path, `~` for the home of the user; `-` before it: it may be missing. Empty: systemd's own choice, /."""


def _check_zone(name: str) -> str:
    """One that tzdata has."""
    if name == _USUAL_ZONE or name in list_words(WordSet.ZONES):
        return name
    near = find_nearest_word(WordSet.ZONES, name)
    raise Unfit("no time zone", f"is not in tzdata{f' (did you mean {near}?)' if near else ''}")


_USUAL_ZONE = "Etc/UTC"
TimeZone = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", max_length=100),
    AfterValidator(_check_zone),
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
    StringConstraints(pattern=rf"^{_MODULE}(:[^\s/\x00-\x1f\x7f-\x9f]+)$", max_length=1000),
    Expect('a Python module and what to take from it, such as "trading.api:app"'),
]
"""A module and, after a colon, what uvicorn takes from it: "trading.api:app". Uvicorn does not start without it."""


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


_LONGEST_ANSWER_US = 10_000_000
"""A third of the time that an audit has for a host."""


def _check_within(text: str) -> str:
    if not 0 < parse_microseconds(text) <= _LONGEST_ANSWER_US:
        what = "is not from 1us to 10s"
        raise Unfit(f"{text!r} {what}", what)
    return text


JsonKey = Annotated[
    str,
    StringConstraints(pattern=r"^[^.\x00-\x1f\x7f-\x9f]+(\.[^.\x00-\x1f\x7f-\x9f]+)*$", max_length=200),
    Expect('a key of a JSON document, such as "status" or "database.connected"'),
]
JsonValue = Annotated[
    bool | Annotated[int, Field(ge=-(2**63), lt=2**63)] | Annotated[str, StringConstraints(max_length=200)],
    Exact(),
    Expect("text in quotes, a whole number, true or false"),
]


class Health(Node):
    path: UrlPath
    status: Annotated[Number, Field(ge=200, le=599)] = 200
    within: Annotated[Span, AfterValidator(_check_within), Expect("a time from 1us to 10s")] = "2s"
    text: Annotated[str, StringConstraints(max_length=200)] = ""
    values: dict[JsonKey, JsonValue] = Field(default={}, max_length=20)


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


class UnixListen(Node):
    """A unix socket. An owner, group or mode that is not declared is not judged."""

    path: SocketPath
    owner: AccountName | None = None
    group: AccountName | None = None
    mode: Mode | None = None
    summary: str = ""


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
    max_idle: Span | None = None


class ServiceStreams(Node):
    """Redis streams and keys by their whole names: what the service writes and reads."""

    publishes: tuple[str, ...] = ()
    consumes: dict[str, Consumes] = {}
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    silent_after: Span | None = None

    def list_written(self) -> tuple[str, ...]:
        """Every key that it writes, each once: the streams that it publishes, then others."""
        return tuple(dict.fromkeys((*self.publishes, *self.writes)))

    def list_read(self) -> tuple[str, ...]:
        """Every key that it reads, each once: through a consumer group, then others."""
        return tuple(dict.fromkeys((*self.consumes, *self.reads)))


class OwnValues(Node):
    """Where one instance of a template differs from the template.

    `ports`: names of the template's ports, and where this instance listens.
    """

    state: Literal[ServiceState.RUNNING, ServiceState.STOPPED, ServiceState.ON_TIMER, ServiceState.ON_DEMAND] | None = (
        None
    )
    enabled: Switch | None = None
    ports: dict[Name, Listen] = {}
    env: dict[EnvName, str] = {}


class ServiceValues(Node):
    """The values that a service has on a host, or on all hosts with a tag, instead of its usual ones."""

    state: Literal[ServiceState.RUNNING, ServiceState.STOPPED] | None = None
    enabled: Switch | None = None
    instances: Number | None = Field(default=None, ge=1)
    """How many of its instances run, counted from the first."""
    env: dict[EnvName, str] = {}
    unit_env: dict[EnvName, str] = {}
    timeouts: Timeouts = Timeouts()
    scheduling: Scheduling = Scheduling()
    log: Log = Log()
    limits: Limits = Limits()
    restart: Restart = Restart()
    sandbox: Sandbox = Sandbox()


class Service(Node):
    SECTION: ClassVar = "Service"

    summary: str = says("Description", ..., section="Unit")
    state: ServiceState
    enabled: Switch | None = None
    why: str = ""
    notes: str = ""
    replaced_by: tuple[str, ...] = ()
    hosts: tuple[HostRef, ...] = ()
    on: dict[HostRef, ServiceValues] = {}
    """Values for a host or a tag: a host's go before those of its tags, and these before the service's own."""
    unit: UnitName | None = None
    category: str = ""
    owner: str = ""
    critical: Switch = False
    target: TargetName | None = None
    type: Type | None = says("Type")
    user: UnitAccount | None = says("User")
    group: UnitAccount | None = says("Group")
    supplementary_groups: tuple[AccountName, ...] = says("SupplementaryGroups", ())
    documentation: tuple[DocumentationUri, ...] = says("Documentation", (), section="Unit")
    instances: tuple[Instance, ...] = ()
    instance: dict[Instance, OwnValues] = {}
    max_unavailable: Part | None = None
    """Of a template: how many of a host's running instances may be down at once while a deploy restarts them."""
    specifiers: Switch | None = None
    """Whether `%` in the values of this unit begins a specifier. By default only in templates, which need `%i`."""
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
    unix_sockets: dict[Name, UnixListen] = {}
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
