"""What is not compared of two loaded units, and why; and the lists whose order means nothing to systemd."""

from collections.abc import Callable, Mapping

_BY_REASON: Mapping[str, str] = {
    "what the unit does now, not what it was told": (
        "Unit.ActiveState Unit.SubState Unit.FreezerState Unit.Job Unit.InvocationID Unit.ConditionResult "
        "Unit.AssertResult Unit.ActivationDetails Service.MainPID Service.ControlPID Service.ExecMainPID "
        "Service.ExecMainCode Service.ExecMainStatus Service.NRestarts Service.NFileDescriptorStore "
        "Service.StatusText Service.StatusErrno Service.UID Service.GID Service.Result Service.ReloadResult "
        "Service.CleanResult Timer.NextElapseUSecMonotonic Timer.NextElapseUSecRealtime Timer.LastTriggerUSec "
        "Timer.LastTriggerUSecMonotonic Timer.Result Socket.ControlPID Socket.NAccepted Socket.NConnections "
        "Socket.NRefused Socket.Result Path.Result"
    ),
    "measured": (
        "Service.CPUUsageNSec Slice.CPUUsageNSec Socket.CPUUsageNSec Mount.CPUUsageNSec Swap.CPUUsageNSec "
        "Service.MemoryCurrent Slice.MemoryCurrent Socket.MemoryCurrent Mount.MemoryCurrent Swap.MemoryCurrent "
        "Service.MemoryAvailable Slice.MemoryAvailable Socket.MemoryAvailable Mount.MemoryAvailable "
        "Swap.MemoryAvailable Service.TasksCurrent Slice.TasksCurrent Socket.TasksCurrent Mount.TasksCurrent "
        "Swap.TasksCurrent"
    ),
    "made anew by every start": (
        "Service.ControlGroup Slice.ControlGroup Socket.ControlGroup Mount.ControlGroup Swap.ControlGroup "
        "Service.ControlGroupId Slice.ControlGroupId Socket.ControlGroupId Mount.ControlGroupId Swap.ControlGroupId"
    ),
    "who holds the unit loaded: this test's own connection": "Unit.Refs",
    "where drop-ins lie; what they say is compared": "Unit.DropInPaths",
    "whether files changed since they were loaded: times, not content": "Unit.NeedDaemonReload",
}
EXCLUDED = {name: reason for reason, names in _BY_REASON.items() for name in names.split()}
"""`Interface.Property` → reason."""
TIMES = ("Timestamp", "TimestampMonotonic")
"""Ends of the names of properties that say when something happened: not compared either."""

_DEPENDENCIES = (
    "Names Requires Requisite Wants BindsTo PartOf Upholds RequiredBy RequisiteOf WantedBy BoundBy UpheldBy "
    "ConsistsOf Conflicts ConflictedBy Before After OnFailure OnFailureOf OnSuccess OnSuccessOf Triggers "
    "TriggeredBy PropagatesReloadTo ReloadPropagatedFrom PropagatesStopTo StopPropagatedFrom JoinsNamespaceOf "
    "SliceOf RequiresMountsFor WantsMountsFor"
)
_ANY_OF_THEM = "Unit.Conditions Unit.Asserts Timer.TimersCalendar Timer.TimersMonotonic Path.Paths"
UNORDERED = frozenset((*(f"Unit.{name}" for name in _DEPENDENCIES.split()), *_ANY_OF_THEM.split()))
"""systemd keeps dependencies in hash tables, and gives them in another order after each reload. Conditions, times and
watched paths are asked all of them, whichever comes first. All other lists are compared in their order."""

BLIND = frozenset([("Service", "WatchdogSec")])
"""Directives that no property shows before the service runs: compared as our own parser reads them."""

_BY_NAME = (
    ".LoadCredential", ".SetCredential", ".LoadCredentialEncrypted", ".SetCredentialEncrypted", ".ImportCredential",
    ".Environment",
)  # fmt: skip
"""Each name once, in units of every type: credentials lie in a hash table, variables replace those of their name."""

_Cut = Callable[[tuple[object, ...]], tuple[object, ...]]
_TOLD: Mapping[str, _Cut] = {
    "Unit.Conditions": lambda item: item[:-1],
    "Unit.Asserts": lambda item: item[:-1],
    "Timer.TimersCalendar": lambda item: item[:-1],
    "Timer.TimersMonotonic": lambda item: item[:-1],
}
"""What of each item was told; the rest is how the condition last came out, when the timer elapses next."""
_COMMAND = 3
"""Of an Exec* property's items: program, argv, flags. The rest is how it last ran."""


def why_not_compared(name: str) -> str | None:
    """The reason, or None for a property that is compared."""
    return "when something happened" if name.endswith(TIMES) else EXCLUDED.get(name)


def plain(name: str, value: object) -> object:
    """The value as it is compared."""
    if not isinstance(value, list):
        return value
    if name.partition(".")[2].startswith("Exec") and all(isinstance(item, tuple) for item in value):
        return [item[:_COMMAND] for item in value]
    cut = _TOLD.get(name)
    told = value if cut is None else [cut(item) for item in value]
    return sorted(told) if name in UNORDERED or name.endswith(_BY_NAME) else told
