"""What puts a new value of a directive in force on a running unit, for every directive of the table.

After a daemon-reload systemd goes on with the new definition. It uses the new timeouts, restart rules, conditions,
dependencies and stop commands when it next needs them, recomputes timers, and applies the control group settings again
(unit_deserialize_state invalidates all of them). What a process, a socket, a mount or a watch was created with stays
until that is created again. If it is not certain, the class is a restart.
"""

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.dialects.systemd.table.lookup import TYPES, find_first_version

RESOURCES_OF = "Slice"
"""A slice has nothing but control group settings: every unit type with control groups has these."""


_KEPT_CONTROL_GROUP = frozenset((
    "Slice", "Delegate", "DelegateSubgroup", "DisableControllers", "NFTSet", "CoredumpReceive", "MemoryPressureWatch",
    "MemoryPressureThresholdSec",
))  # fmt: skip
"""Control group settings that count when the group is created, or that the process gets in its environment."""
_OF_EVERY_KIND = frozenset((
    "FinalKillSignal", "KillMode", "KillSignal", "RemoveIPC", "RestartKillSignal", "RuntimeDirectoryPreserve",
    "SendSIGHUP", "SendSIGKILL", "TimeoutCleanSec", "TimeoutSec", "WatchdogSignal",
))  # fmt: skip
_MANAGER: dict[str, frozenset[str]] = {
    "Service": frozenset((
        "ExecReload", "ExecStop", "ExecStopPost", "FailureAction", "FileDescriptorStoreMax",
        "FileDescriptorStorePreserve", "RebootArgument", "ReloadSignal", "Restart", "RestartForceExitStatus",
        "RestartMaxDelaySec", "RestartMode", "RestartPreventExitStatus", "RestartSec", "RestartSteps", "RuntimeMaxSec",
        "StartLimitAction", "StartLimitBurst", "StartLimitInterval", "SuccessExitStatus", "TimeoutAbortSec",
        "TimeoutStartFailureMode", "TimeoutStartSec", "TimeoutStopFailureMode", "TimeoutStopSec",
    )),
    "Socket": frozenset((
        "ExecStopPost", "ExecStopPre", "MaxConnections", "MaxConnectionsPerSource", "PollLimitBurst",
        "PollLimitIntervalSec", "RemoveOnStop", "TriggerLimitBurst", "TriggerLimitIntervalSec",
    )),
    "Path": frozenset(("TriggerLimitBurst", "TriggerLimitIntervalSec")),
    "Mount": frozenset(("ForceUnmount", "LazyUnmount")),
}  # fmt: skip
"""What only the manager reads, and reads again."""
_UNIT_AT_START = frozenset(("JoinsNamespaceOf", "SurviveFinalKillSignal"))
_RELOADED = frozenset((("Mount", "Options"),))
"""What `systemctl reload` applies: it remounts the file system with new options."""
_WITHOUT_PROCESS = frozenset(("Socket", "Path", "Mount", "Automount", "Swap"))
_STOP = frozenset((
    "DynamicUser", "ExecStop", "ExecStopPost", "ExecStopPre", "FinalKillSignal", "KillMode", "KillSignal", "PIDFile",
    "RemoveIPC", "RestartKillSignal", "RuntimeDirectory", "RuntimeDirectoryPreserve", "SendSIGHUP", "SendSIGKILL",
    "TimeoutAbortSec", "TimeoutSec", "TimeoutStopFailureMode", "TimeoutStopSec", "Type",
))  # fmt: skip


def find_change_class(section: str, key: str) -> ChangeClass:
    """For a directive in a section; NOTHING for one that systemd does not read."""
    if section.startswith("X-") or key.startswith("X-"):
        return ChangeClass.NOTHING
    if section == "Install":
        return ChangeClass.REENABLE
    if section == "Unit":
        return ChangeClass.RESTART if key in _UNIT_AT_START else ChangeClass.DAEMON_RELOAD
    if section in ("Timer", "Slice", "Scope"):
        return ChangeClass.DAEMON_RELOAD
    if section not in TYPES.values():
        return ChangeClass.NOTHING
    return _find_of_running(section, key)


def _find_of_running(section: str, key: str) -> ChangeClass:
    if (section, key) in _RELOADED:
        return ChangeClass.UNIT_RELOAD
    resource = find_first_version(RESOURCES_OF, key) is not None and key not in _KEPT_CONTROL_GROUP
    if resource or key in _OF_EVERY_KIND or key in _MANAGER.get(section, ()):
        return ChangeClass.DAEMON_RELOAD
    return ChangeClass.RECREATE if section in _WITHOUT_PROCESS else ChangeClass.RESTART


def counts_when_stopped(key: str) -> bool:
    """Whether the value affects how the unit is stopped: then it must be stopped before systemd reads the new one."""
    return key in _STOP
