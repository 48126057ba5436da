"""Declared units that are not services."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints

from qtctl.model.expect import Expect
from qtctl.model.fields import (
    AbsolutePath,
    Choice,
    HostRef,
    Mode,
    Name,
    Node,
    Number,
    Plain,
    Setting,
    Span,
    Switch,
    TargetName,
    UnitName,
    UnitRef,
    says,
)
from qtctl.model.instances import Instance, OwnState
from qtctl.model.limits import Limits, Resources, Restart, Scheduling
from qtctl.model.relations import Asserts, Conditions, Install, LimitedManager, Order
from qtctl.model.running import Directories, DocumentationUri, Kill, Log, Timeouts
from qtctl.model.sandbox import Sandbox

Word = str | Number | Switch
_Said = Annotated[Word | tuple[Word, ...], Expect("text in quotes, a whole number, true, false or a list of them")]
RawDirectives = Mapping[str, Annotated[Mapping[str, _Said], Expect("a table of directives: [systemd.Service]")]]
"""Section → directive → value as systemd reads it; a list gives one assignment an item."""

Starts = Annotated[
    Name | UnitRef, Expect('the name of a service in services/, or the whole name of a unit, such as "backup.service"')
]
"""What a timer, a socket or a path starts."""

LISTENS = {
    "stream": "ListenStream",
    "datagram": "ListenDatagram",
    "sequential-packet": "ListenSequentialPacket",
    "fifo": "ListenFIFO",
    "special": "ListenSpecial",
    "netlink": "ListenNetlink",
    "message-queue": "ListenMessageQueue",
    "usb-function": "ListenUSBFunction",
}
"""The word before an address → the directive that it is for."""
Listen = Annotated[
    str,
    StringConstraints(pattern=rf"^({'|'.join(LISTENS)}) [^ ].*$"),
    Expect(f'a kind and an address, such as "stream 127.0.0.1:8000"; kinds are {", ".join(LISTENS)}'),
]


Digest = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Expect("a SHA-256 digest: 64 digits of 0-9 and a-f")
]
Seen = Annotated[
    str,
    StringConstraints(pattern=r"^(sha256:[0-9a-f]{64}|link:[^\x00]+)$", max_length=4200),
    Expect('"sha256:" and a digest, or "link:" and where the link leads'),
]


class Unit(Node):
    """The keys of every declared unit."""

    summary: str = says("Description", ..., section="Unit")
    state: Literal["active", "stopped", "on-demand", "retired"] = "active"
    enabled: Switch | None = None
    hosts: tuple[HostRef, ...] = ()
    unit: UnitName | None = None
    why: str = ""
    notes: str = ""
    documentation: tuple[DocumentationUri, ...] = says("Documentation", (), section="Unit")
    specifiers: Switch = False
    order: Order = Order()
    conditions: Conditions = Conditions()
    asserts: Asserts = Asserts()
    manager: LimitedManager = LimitedManager()
    install: Install | None = None
    systemd: RawDirectives = Field(default={})


class Instanced(Unit):
    """The keys of a unit that may be a template: `NAME@.timer`."""

    instances: tuple[Instance, ...] = ()
    instance: Mapping[Instance, OwnState] = {}


class Target(Instanced):
    SECTION: ClassVar = "Unit"

    within: TargetName | None = None
    """The target that wants this one; by default multi-user.target."""
    replaced_by: tuple[str, ...] = ()


class Timer(Instanced):
    SECTION: ClassVar = "Timer"

    service: Starts
    on_calendar: tuple[str, ...] = says("OnCalendar", ())
    on_boot: Span | tuple[Span, ...] | None = says("OnBootSec")
    on_startup: Span | tuple[Span, ...] | None = says("OnStartupSec")
    on_active: Span | tuple[Span, ...] | None = says("OnActiveSec")
    on_unit_active: Span | tuple[Span, ...] | None = says("OnUnitActiveSec")
    on_unit_inactive: Span | tuple[Span, ...] | None = says("OnUnitInactiveSec")
    accuracy: Span | None = says("AccuracySec")
    randomized_delay: Span | None = says("RandomizedDelaySec")
    fixed_random_delay: Switch | None = says("FixedRandomDelay")
    persistent: Switch | None = says("Persistent")
    wake_system: Switch | None = says("WakeSystem")
    remain_after_elapse: Switch | None = says("RemainAfterElapse")
    on_clock_change: Switch | None = says("OnClockChange")
    on_timezone_change: Switch | None = says("OnTimezoneChange")


class Rare(Unit):
    """A type that few registries use: pydantic builds its model only when one is declared."""

    model_config = ConfigDict(defer_build=True)


class Socket(Rare, Instanced):
    """A socket that systemd listens on for a service. `service` is what it starts, where it is not of the same name."""

    SECTION: ClassVar = "Socket"
    MARKED: ClassVar = {"listen": LISTENS}

    service: Starts | None = None
    listen: tuple[Listen, ...] = ()
    """In the order in which the service is handed the file descriptors."""
    protocol: Setting | None = says("SocketProtocol")
    bind_ipv6_only: Choice | None = says("BindIPv6Only")
    bind_to_device: Setting | None = says("BindToDevice")
    backlog: Number | None = says("Backlog")
    accept: Switch | None = says("Accept")
    writable: Switch | None = says("Writable")
    flush_pending: Switch | None = says("FlushPending")
    max_connections: Number | None = says("MaxConnections")
    max_connections_per_source: Number | None = says("MaxConnectionsPerSource")
    keep_alive: Switch | None = says("KeepAlive")
    keep_alive_time: Span | None = says("KeepAliveTimeSec")
    keep_alive_interval: Span | None = says("KeepAliveIntervalSec")
    keep_alive_probes: Number | None = says("KeepAliveProbes")
    no_delay: Switch | None = says("NoDelay")
    reuse_port: Switch | None = says("ReusePort")
    free_bind: Switch | None = says("FreeBind")
    transparent: Switch | None = says("Transparent")
    broadcast: Switch | None = says("Broadcast")
    defer_accept: Span | None = says("DeferAcceptSec")
    priority: Number | None = says("Priority")
    receive_buffer: Number | Setting | None = says("ReceiveBuffer")
    send_buffer: Number | Setting | None = says("SendBuffer")
    pipe_size: Number | Setting | None = says("PipeSize")
    timestamping: Choice | None = says("Timestamping")
    pass_credentials: Switch | None = says("PassCredentials")
    pass_security: Switch | None = says("PassSecurity")
    pass_packet_info: Switch | None = says("PassPacketInfo")
    socket_user: Setting | None = says("SocketUser")
    socket_group: Setting | None = says("SocketGroup")
    socket_mode: Mode | None = says("SocketMode")
    directory_mode: Mode | None = says("DirectoryMode")
    remove_on_stop: Switch | None = says("RemoveOnStop")
    symlinks: tuple[AbsolutePath, ...] = says("Symlinks", ())
    file_descriptor_name: Setting | None = says("FileDescriptorName")
    trigger_limit_interval: Span | None = says("TriggerLimitIntervalSec")
    trigger_limit_burst: Number | None = says("TriggerLimitBurst")
    limits: Resources = Resources()


class Path(Rare, Instanced):
    """A file or folder that systemd watches for a service."""

    SECTION: ClassVar = "Path"

    service: Starts | None = None
    path_exists: tuple[Setting, ...] = says("PathExists", ())
    path_exists_glob: tuple[Setting, ...] = says("PathExistsGlob", ())
    path_changed: tuple[Setting, ...] = says("PathChanged", ())
    path_modified: tuple[Setting, ...] = says("PathModified", ())
    directory_not_empty: tuple[Setting, ...] = says("DirectoryNotEmpty", ())
    make_directory: Switch | None = says("MakeDirectory")
    directory_mode: Mode | None = says("DirectoryMode")
    trigger_limit_interval: Span | None = says("TriggerLimitIntervalSec")
    trigger_limit_burst: Number | None = says("TriggerLimitBurst")


class Slice(Rare):
    """Limits that the services of a slice share."""

    SECTION: ClassVar = "Slice"

    limits: Resources = Resources()


class Mount(Rare):
    """A mounted file system. The unit's name is its path: `var-log.mount` is /var/log."""

    SECTION: ClassVar = "Mount"

    what: Setting = says("What", ...)
    where: AbsolutePath = says("Where", ...)
    type: Setting | None = says("Type")
    options: Setting | None = says("Options")
    directory_mode: Mode | None = says("DirectoryMode")
    timeout: Span | None = says("TimeoutSec")
    sloppy_options: Switch | None = says("SloppyOptions")
    lazy_unmount: Switch | None = says("LazyUnmount")
    force_unmount: Switch | None = says("ForceUnmount")
    read_write_only: Switch | None = says("ReadWriteOnly")
    limits: Resources = Resources()


class Automount(Rare):
    """A path that is mounted when it is first used."""

    SECTION: ClassVar = "Automount"

    where: AbsolutePath = says("Where", ...)
    directory_mode: Mode | None = says("DirectoryMode")
    idle_timeout: Span | None = says("TimeoutIdleSec")
    options: Setting | None = says("ExtraOptions")


class Swap(Rare):
    SECTION: ClassVar = "Swap"

    what: Annotated[Setting, Plain] = says("What", ...)
    priority: Number | None = says("Priority")
    options: Setting | None = says("Options")
    timeout: Span | None = says("TimeoutSec")


class Original(Node):
    """What a host had in place of a file that qtctl generates, when the registry was made from it."""

    model_config = ConfigDict(defer_build=True)

    path: AbsolutePath
    says: Digest
    files: dict[AbsolutePath, Seen]
    beside: tuple[AbsolutePath, ...] = ()
    until: AbsolutePath | None = None


DirectiveName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$", max_length=100),
    Expect('the name of a directive, such as "Environment"'),
]


class Dropin(Node):
    """A file that adds to a unit which qtctl does not generate. `order`: whole unit names or names of this registry.

    `resets`: directives that are assigned empty before anything else, so that what the unit set is gone.
    """

    model_config = ConfigDict(defer_build=True)
    SECTION: ClassVar = "Service"

    unit: UnitName
    summary: str = ""
    state: Literal["active", "retired"] = "active"
    hosts: tuple[HostRef, ...] = ()
    why: str = ""
    notes: str = ""
    priority: Annotated[Number, Field(ge=0, le=99)] = 50
    """The number that its file name begins with: later ones win."""
    specifiers: Switch = False
    resets: tuple[DirectiveName, ...] = ()
    order: Order = Order()
    conditions: Conditions = Conditions()
    unit_env: Mapping[str, str] = {}
    limits: Limits = Limits()
    restart: Restart = Restart()
    timeouts: Timeouts = Timeouts()
    kill: Kill = Kill()
    directories: Directories = Directories()
    log: Log = Log()
    scheduling: Scheduling = Scheduling()
    sandbox: Sandbox = Sandbox()
    systemd: RawDirectives = Field(default={})
