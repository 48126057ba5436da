"""Which property of systemd's D-Bus interfaces shows what a directive was loaded as (org.freedesktop.systemd1(5))."""

from enum import Enum
from typing import NamedTuple


class Shape(Enum):
    """How a property writes the values of its directive; `property_values` reads each shape."""

    TEXT = "s"
    PATH = "s, a path without needless slashes"
    YES_OR_TEXT = "s, yes and no for booleans"
    BOOLEAN = "b"
    NUMBER = "a number"
    OCTAL = "u, a mode"
    USEC = "t, microseconds"
    USEC_OR_NEVER = "t, microseconds, where 0 is never"
    NSEC = "t, nanoseconds"
    BYTES = "t, bytes or infinity"
    TASKS = "t, a number or infinity"
    RLIMIT = "t, the hard limit"
    QUOTA = "t, microseconds of a second"
    SIGNAL = "i, its number"
    LEVEL = "i, of syslog"
    FACILITY = "i, of syslog, times 8"
    WORDS = "as, in their order"
    SET = "as, in any order"
    UNIT = "s, a unit"
    UNITS = "as, with what systemd adds"
    FILES = "a(sb)"
    COMMANDS = "a(sasbttttuii)"
    STATUSES = "(aiai)"
    FAMILIES = "(bas), a ~ before them all"
    SPANS = "a(stt)"
    CALENDARS = "a(sst)"
    ADDRESSES = "a(ss), of a socket"
    WATCHES = "a(ss), of a path unit"
    PAIRS = "a(ss)"


class Property(NamedTuple):
    """`interface` is the last word of org.freedesktop.systemd1.Service and the like."""

    interface: str
    name: str
    shape: Shape


_UNIT: dict[Shape, str] = {
    Shape.TEXT: "Description CollectMode FailureAction SuccessAction StartLimitAction JobTimeoutAction "
    "RebootArgument OnFailureJobMode OnSuccessJobMode",
    Shape.PATH: "SourcePath",
    Shape.BOOLEAN: "AllowIsolate DefaultDependencies IgnoreOnIsolate RefuseManualStart RefuseManualStop "
    "StopWhenUnneeded",
    Shape.NUMBER: "StartLimitBurst FailureActionExitStatus SuccessActionExitStatus",
    Shape.WORDS: "Documentation",
    Shape.UNITS: "Wants Requires Requisite BindsTo PartOf Upholds Conflicts Before After OnFailure OnSuccess "
    "PropagatesReloadTo ReloadPropagatedFrom PropagatesStopTo StopPropagatedFrom JoinsNamespaceOf RequiresMountsFor",
}
_EXECUTED: dict[Shape, str] = {
    Shape.TEXT: "User Group PAMName UtmpIdentifier UtmpMode Personality KillMode DevicePolicy "
    "KeyringMode ProtectProc ProcSubset SyslogIdentifier LogNamespace ManagedOOMSwap ManagedOOMMemoryPressure "
    "ManagedOOMPreference",
    Shape.PATH: "WorkingDirectory RootDirectory RootImage TTYPath NetworkNamespacePath IPCNamespacePath",
    Shape.YES_OR_TEXT: "ProtectSystem ProtectHome RuntimeDirectoryPreserve",
    Shape.BOOLEAN: "PrivateTmp PrivateDevices PrivateNetwork PrivateUsers PrivateMounts PrivateIPC "
    "ProtectKernelTunables "
    "ProtectKernelModules ProtectKernelLogs ProtectClock ProtectControlGroups ProtectHostname NoNewPrivileges "
    "LockPersonality MemoryDenyWriteExecute RestrictRealtime RestrictSUIDSGID RemoveIPC DynamicUser MountAPIVFS "
    "IgnoreSIGPIPE SyslogLevelPrefix SendSIGHUP SendSIGKILL CPUSchedulingResetOnFork TTYReset TTYVHangup "
    "TTYVTDisallocate CPUAccounting MemoryAccounting TasksAccounting IOAccounting IPAccounting Delegate",
    Shape.NUMBER: "Nice OOMScoreAdjust CPUSchedulingPriority IOSchedulingPriority LogRateLimitBurst CPUWeight "
    "StartupCPUWeight IOWeight StartupIOWeight CPUShares BlockIOWeight",
    Shape.OCTAL: "UMask RuntimeDirectoryMode StateDirectoryMode CacheDirectoryMode LogsDirectoryMode "
    "ConfigurationDirectoryMode",
    Shape.BYTES: "MemoryMin MemoryLow MemoryHigh MemoryMax MemorySwapMax MemoryLimit DefaultMemoryLow DefaultMemoryMin",
    Shape.TASKS: "TasksMax",
    Shape.RLIMIT: "LimitNOFILE LimitNPROC LimitMEMLOCK LimitCORE LimitAS LimitDATA LimitFSIZE LimitSTACK LimitRSS "
    "LimitLOCKS LimitSIGPENDING LimitMSGQUEUE LimitRTPRIO",
    Shape.NSEC: "TimerSlackNSec",
    Shape.SIGNAL: "KillSignal RestartKillSignal FinalKillSignal WatchdogSignal",
    Shape.LEVEL: "SyslogLevel LogLevelMax",
    Shape.FACILITY: "SyslogFacility",
    Shape.WORDS: "ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths SupplementaryGroups "
    "PassEnvironment UnsetEnvironment ExecSearchPath",
    Shape.SET: "SystemCallArchitectures DisableControllers RuntimeDirectory StateDirectory CacheDirectory "
    "LogsDirectory ConfigurationDirectory",
    Shape.FAMILIES: "RestrictAddressFamilies",
}
_SERVICE: dict[Shape, str] = {
    Shape.TEXT: "Type Restart NotifyAccess BusName ExitType OOMPolicy TimeoutStartFailureMode TimeoutStopFailureMode "
    "PIDFile USBFunctionDescriptors USBFunctionStrings",
    Shape.BOOLEAN: "RemainAfterExit GuessMainPID RootDirectoryStartOnly NonBlocking",
    Shape.NUMBER: "FileDescriptorStoreMax",
    Shape.COMMANDS: "ExecStart ExecStartPre ExecStartPost ExecCondition ExecReload ExecStop ExecStopPost",
    Shape.STATUSES: "SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus",
}
_SOCKET: dict[Shape, str] = {
    Shape.YES_OR_TEXT: "BindIPv6Only Timestamping",
    Shape.TEXT: "BindToDevice SocketUser SocketGroup FileDescriptorName TCPCongestion "
    "SmackLabel SmackLabelIPIn SmackLabelIPOut",
    Shape.BOOLEAN: "Accept Writable FlushPending KeepAlive NoDelay FreeBind Transparent Broadcast PassCredentials "
    "PassSecurity PassPacketInfo ReusePort RemoveOnStop",
    Shape.NUMBER: "Backlog MaxConnections MaxConnectionsPerSource Priority Mark IPTTL KeepAliveProbes "
    "TriggerLimitBurst "
    "MessageQueueMaxMessages MessageQueueMessageSize",
    Shape.BYTES: "ReceiveBuffer SendBuffer PipeSize",
    Shape.OCTAL: "SocketMode DirectoryMode",
    Shape.COMMANDS: "ExecStartPre ExecStartPost ExecStopPre ExecStopPost",
    Shape.WORDS: "Symlinks",
}
_TIMER: dict[Shape, str] = {
    Shape.UNIT: "Unit",
    Shape.BOOLEAN: "Persistent WakeSystem RemainAfterElapse FixedRandomDelay OnClockChange OnTimezoneChange",
}
_PATH: dict[Shape, str] = {
    Shape.UNIT: "Unit",
    Shape.BOOLEAN: "MakeDirectory",
    Shape.OCTAL: "DirectoryMode",
    Shape.NUMBER: "TriggerLimitBurst",
}
# What= and Options= of a mount or swap, and Type= of a mount, are shown as the kernel has them: /dev/sda1 for a UUID,
# ext4 for a bind mount, and options that nobody wrote.
_MOUNT: dict[Shape, str] = {
    Shape.TEXT: "Where",
    Shape.BOOLEAN: "SloppyOptions LazyUnmount ReadWriteOnly ForceUnmount",
    Shape.OCTAL: "DirectoryMode",
}
_SWAP: dict[Shape, str] = {Shape.NUMBER: "Priority"}
_AUTOMOUNT: dict[Shape, str] = {Shape.TEXT: "Where ExtraOptions", Shape.OCTAL: "DirectoryMode"}
_SECTIONS: dict[str, tuple[dict[Shape, str], ...]] = {
    "Unit": (_UNIT,),
    "Service": (_EXECUTED, _SERVICE),
    "Socket": (_EXECUTED, _SOCKET),
    "Mount": (_EXECUTED, _MOUNT),
    "Swap": (_EXECUTED, _SWAP),
    "Slice": (_EXECUTED,),
    "Timer": (_TIMER,),
    "Path": (_PATH,),
    "Automount": (_AUTOMOUNT,),
}
_RENAMED: dict[str, tuple[str, Shape]] = {
    "CPUQuota": ("CPUQuotaPerSecUSec", Shape.QUOTA),
    "CPUQuotaPeriodSec": ("CPUQuotaPeriodUSec", Shape.USEC),
    "EnvironmentFile": ("EnvironmentFiles", Shape.FILES),
    "JobTimeoutSec": ("JobTimeoutUSec", Shape.USEC),
    "JobRunningTimeoutSec": ("JobRunningTimeoutUSec", Shape.USEC),
    "StartLimitIntervalSec": ("StartLimitIntervalUSec", Shape.USEC),
    "RestartSec": ("RestartUSec", Shape.USEC),
    "TimeoutStartSec": ("TimeoutStartUSec", Shape.USEC_OR_NEVER),
    "TimeoutStopSec": ("TimeoutStopUSec", Shape.USEC_OR_NEVER),
    "TimeoutAbortSec": ("TimeoutAbortUSec", Shape.USEC),
    "RuntimeMaxSec": ("RuntimeMaxUSec", Shape.USEC),
    "RuntimeRandomizedExtraSec": ("RuntimeRandomizedExtraUSec", Shape.USEC),
    "TimeoutCleanSec": ("TimeoutCleanUSec", Shape.USEC),
    "LogRateLimitIntervalSec": ("LogRateLimitIntervalUSec", Shape.USEC),
    "AccuracySec": ("AccuracyUSec", Shape.USEC),
    "RandomizedDelaySec": ("RandomizedDelayUSec", Shape.USEC),
    "KeepAliveTimeSec": ("KeepAliveTimeUSec", Shape.USEC),
    "KeepAliveIntervalSec": ("KeepAliveIntervalUSec", Shape.USEC),
    "DeferAcceptSec": ("DeferAcceptUSec", Shape.USEC),
    "TriggerLimitIntervalSec": ("TriggerLimitIntervalUSec", Shape.USEC),
    "TimeoutIdleSec": ("TimeoutIdleUSec", Shape.USEC_OR_NEVER),
    "OnCalendar": ("TimersCalendar", Shape.CALENDARS),
    **dict.fromkeys(
        ("OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec"),
        ("TimersMonotonic", Shape.SPANS),
    ),
    **dict.fromkeys(
        ("ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO", "ListenSpecial", "ListenNetlink",
         "ListenMessageQueue", "ListenUSBFunction"), ("Listen", Shape.ADDRESSES),
    ),
    **dict.fromkeys(
        ("PathExists", "PathExistsGlob", "PathChanged", "PathModified", "DirectoryNotEmpty"), ("Paths", Shape.WATCHES)
    ),
    "LoadCredential": ("LoadCredential", Shape.PAIRS),
}  # fmt: skip
"""Directives whose property has another name or a shape of its own."""


def _group_by_section() -> dict[tuple[str, str], tuple[str, Shape]]:
    found: dict[tuple[str, str], tuple[str, Shape]] = {}
    for section, tables in _SECTIONS.items():
        for table in tables:
            found |= {(section, key): (key, shape) for shape, keys in table.items() for key in keys.split()}
    return found


_TABLE = _group_by_section()


COMMANDS = frozenset(name for name, shape in _TABLE.values() if shape is Shape.COMMANDS)
"""The properties that show commands: what they run may contain secrets."""


def find_property(section: str, key: str) -> Property | None:
    """None if no property shows the directive in a comparable way: system calls, bit masks, a running watchdog."""
    if section not in _SECTIONS:
        return None
    named = _TABLE.get((section, key)) or _RENAMED.get(key)
    return Property(section, *named) if named else None
