"""Directive → the key of a service's or timer's table that it is made from."""

from qtctl.resolve.services import LIMITS, RESTART, START_LIMIT
from qtctl.resolve.settings import COMMANDS, DIRECTORIES, KILL, LOG, PROCESS, TIMEOUTS

_TABLES = {
    "limits": LIMITS,
    "restart": {**RESTART, **START_LIMIT},
    "timeouts": TIMEOUTS,
    "kill": KILL,
    "commands": COMMANDS,
    "directories": DIRECTORIES,
    "log": {**LOG, "identifier": "SyslogIdentifier"},
}
_SINGLE = {
    **PROCESS,
    "summary": "Description",
    "documentation": "Documentation",
    "type": "Type",
    "user": "User",
    "group": "Group",
    "supplementary_groups": "SupplementaryGroups",
    "run": "ExecStart",
    "run.cwd": "WorkingDirectory",
    "sandbox.read_write_paths": "ReadWritePaths",
    "sandbox.read_only_paths": "ReadOnlyPaths",
    "order.after": "After",
    "order.before": "Before",
    "order.wants": "Wants",
    "order.requires": "Requires",
    "order.binds_to": "BindsTo",
    "order.part_of": "PartOf",
    "order.conflicts": "Conflicts",
    "order.on_failure": "OnFailure",
    "on_calendar": "OnCalendar",
    "on_boot": "OnBootSec",
    "on_startup": "OnStartupSec",
    "on_active": "OnActiveSec",
    "on_unit_active": "OnUnitActiveSec",
    "on_unit_inactive": "OnUnitInactiveSec",
    "accuracy": "AccuracySec",
    "randomized_delay": "RandomizedDelaySec",
}
KEYS: dict[str, tuple[str, ...]] = {
    **{directive: (table, key) for table, names in _TABLES.items() for key, directive in names.items()},
    **{directive: tuple(key.split(".")) for key, directive in _SINGLE.items()},
}
