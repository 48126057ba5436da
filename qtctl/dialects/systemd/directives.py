"""How directives in a unit file combine several assignments (load-fragment-gperf.gperf.in, install.c)."""

from enum import Enum


class AssignmentRule(Enum):
    """What a directive makes of being assigned more than once."""

    SCALAR = "scalar"
    """The last one wins."""
    FIRST = "first"
    """The first one wins, and systemd warns about the others; an empty one does nothing."""
    LINES = "lines"
    """Each assignment is one item; an empty one drops those before it."""
    WORDS = "words"
    """Each word is one item, with C escapes; an empty assignment drops those before it."""
    PATHS = "paths"
    """As WORDS, but a backslash only makes the next character literal."""
    TUPLES = "tuples"
    """Each word is one item, including quotes: what they enclose is not split further (a `:` in BindPaths=)."""
    NAMES = "names"
    """Each word is one item; quotes mean nothing; an empty assignment drops those before it."""
    UNITS = "units"
    """Each word is one item, once; quotes mean nothing, and an empty assignment does nothing."""
    MOUNTS = "mounts"
    """As PATHS, but an empty assignment does nothing."""
    INSTALL = "install"
    """Each word is one item, once, quoted or not; an empty assignment drops those before it."""


NEVER_EMPTIED = frozenset((AssignmentRule.FIRST, AssignmentRule.UNITS, AssignmentRule.MOUNTS))
"""An empty assignment does nothing to these."""


_UNITS = (
    "After Before Wants Requires Requisite BindsTo PartOf Upholds Conflicts OnFailure OnSuccess PropagatesReloadTo "
    "ReloadPropagatedFrom PropagatesStopTo StopPropagatedFrom JoinsNamespaceOf "
    "BindTo PropagateReloadTo PropagateReloadFrom RequiresOverridable RequisiteOverridable Sockets Also"
)
_INSTALL = "WantedBy RequiredBy UpheldBy Alias DefaultInstance"
_PATHS = (
    "ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths ReadWriteDirectories ReadOnlyDirectories "
    "InaccessibleDirectories ExtensionDirectories RuntimeDirectory StateDirectory CacheDirectory LogsDirectory "
    "ConfigurationDirectory Symlinks"
)
_TUPLES = "BindPaths BindReadOnlyPaths TemporaryFileSystem"
_WORDS = (
    "Environment PassEnvironment UnsetEnvironment Documentation LogExtraFields "
    "SystemCallArchitectures IPAddressAllow IPAddressDeny Slices SuccessExitStatus RestartPreventExitStatus "
    "RestartForceExitStatus CPUAffinity NUMAMask AllowedCPUs StartupAllowedCPUs AllowedMemoryNodes "
    "StartupAllowedMemoryNodes DisableControllers"
)
_LINES = (
    "ExecStart ExecStartPre ExecStartPost ExecCondition ExecReload ExecStop ExecStopPre ExecStopPost EnvironmentFile "
    "DeviceAllow ExecSearchPath BlockIODeviceWeight BlockIOReadBandwidth BlockIOWriteBandwidth "
    "SetCredential SetCredentialEncrypted LoadCredential LoadCredentialEncrypted ImportCredential IODeviceWeight "
    "IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax IODeviceLatencyTargetSec SocketBindAllow "
    "SocketBindDeny OpenFile LogFilterPatterns StandardInputText StandardInputData BPFProgram "
    "IPIngressFilterPath IPEgressFilterPath MountImages ExtensionImages RootImageOptions NFTSet"
)
_INVERTIBLE = (
    "SystemCallFilter SystemCallLog RestrictAddressFamilies RestrictFileSystems RestrictNetworkInterfaces "
    "RestrictNamespaces CapabilityBoundingSet AmbientCapabilities"
)
"""A ~ before the first word applies to all words of its line: lines cannot be joined."""
EMPTY_SAYS = frozenset(("CapabilityBoundingSet", "Delegate"))
"""An empty assignment drops the items before it and means "none" rather than the default."""
LISTENS = frozenset((
    "ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO", "ListenSpecial", "ListenNetlink",
    "ListenMessageQueue", "ListenUSBFunction",
))  # fmt: skip
"""An empty assignment of any of these drops everything that a socket listens on."""
WATCHES = frozenset(("PathExists", "PathExistsGlob", "PathChanged", "PathModified", "DirectoryNotEmpty"))
"""An empty assignment of any of these drops everything that a path unit watches."""
TIMERS = frozenset(["OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec", "OnCalendar"])
"""An empty assignment of any of these drops the whole schedule."""

INPUTS = frozenset(("StandardInputText", "StandardInputData"))
"""Everything that a service reads from standard input, in one order."""

_TABLE = {
    **dict.fromkeys(_UNITS.split(), AssignmentRule.UNITS),
    **dict.fromkeys(_INSTALL.split(), AssignmentRule.INSTALL),
    **dict.fromkeys(_PATHS.split(), AssignmentRule.PATHS),
    **dict.fromkeys(_TUPLES.split(), AssignmentRule.TUPLES),
    "SupplementaryGroups": AssignmentRule.NAMES,
    **dict.fromkeys(_WORDS.split(), AssignmentRule.WORDS),
    **dict.fromkeys((*_LINES.split(), *_INVERTIBLE.split(), "Delegate"), AssignmentRule.LINES),
    **dict.fromkeys((*TIMERS, *LISTENS, *WATCHES), AssignmentRule.LINES),
    "DefaultInstance": AssignmentRule.SCALAR,
    "Unit": AssignmentRule.FIRST,
    "RequiresMountsFor": AssignmentRule.MOUNTS,
    "WantsMountsFor": AssignmentRule.MOUNTS,
}


def find_assignment_rule(key: str) -> AssignmentRule:
    """How `key` combines several assignments; unknown directives are taken as scalars."""
    rule = _TABLE.get(key)
    if rule is not None:
        return rule
    return AssignmentRule.LINES if key.startswith(("Condition", "Assert")) else AssignmentRule.SCALAR


_TOGETHER = (
    TIMERS,
    LISTENS,
    WATCHES,
    frozenset(("BindPaths", "BindReadOnlyPaths")),
    frozenset(("LoadCredential", "LoadCredentialEncrypted")),
    frozenset(("SetCredential", "SetCredentialEncrypted")),
    INPUTS,
    frozenset(("BlockIOReadBandwidth", "BlockIOWriteBandwidth")),
    frozenset(("IOSchedulingClass", "IOSchedulingPriority")),
    frozenset(("CPUSchedulingPolicy", "CPUSchedulingPriority")),
)
"""An empty assignment of one of a set drops the assignments of the whole set."""
_TOGETHER_WITH = {key: group for group in _TOGETHER for key in group}


def reset_with(key: str) -> frozenset[str] | str:
    """What an empty assignment of `key` drops: these directives, or all whose names begin with the text."""
    together = _TOGETHER_WITH.get(key)
    if together is not None:
        return together
    if key.startswith("Condition"):
        return "Condition"
    if key.startswith("Assert"):
        return "Assert"
    return frozenset((key,))
