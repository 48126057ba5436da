"""The assignments in a file and its drop-ins that systemd takes, as far as they decide whether it loads the unit."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from qtctl.dialects.systemd.calendar import explain_calendar_trouble, has_specifier
from qtctl.dialects.systemd.directives import (
    LISTENS,
    NEVER_EMPTIED,
    TIMERS,
    WATCHES,
    AssignmentRule,
    find_assignment_rule,
    reset_with,
)
from qtctl.dialects.systemd.fatal import EXEC_SECTIONS, TRIED, can_be_fatal, find_fatal, read_exec_line
from qtctl.dialects.systemd.listen import find_heard
from qtctl.dialects.systemd.specifiers import find_unresolved, make_sample
from qtctl.dialects.systemd.table.lookup import Standing, find_kind, find_standing, list_unit_sections
from qtctl.dialects.systemd.unit_name import is_template, name_instance
from qtctl.dialects.systemd.unitfile import Line, UnitFile
from qtctl.dialects.systemd.values import explain_value_trouble

SWAP_NODES = 256
"""The first systemd that takes any What= for a swap, including UUID= and the like."""

At = tuple[str, str]

NAMESPACED = (
    "ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths BindPaths BindReadOnlyPaths "
    "TemporaryFileSystem MountImages ExtensionImages ExtensionDirectories PrivateDevices PrivateMounts ProtectSystem "
    "ProtectHome ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectControlGroups ProtectProc "
    "ProcSubset PrivateIPC PrivatePIDs"
)
"""Each of these gives a unit its own file system namespace."""
_RELEVANT: dict[str, frozenset[str]] = {
    "Unit": frozenset((
        "SuccessAction", "OnFailure", "OnSuccess", "OnFailureJobMode", "OnSuccessJobMode", "OnFailureIsolate",
    )),
    "Service": frozenset((
        "Type", "ExitType", "ExecStart", "ExecStop", "RemainAfterExit", "Restart", "RestartForceExitStatus", "BusName",
    )),
    "Socket": frozenset(("MaxConnections", "Accept", "Service", "Symlinks", *LISTENS)),
    "Timer": frozenset(("OnClockChange", "OnTimezoneChange", *TIMERS)),
    "Path": WATCHES,
    "Mount": frozenset(("What", "Where")),
    "Swap": frozenset(("What",)),
    "Automount": frozenset(("Where", "ExtraOptions")),
}  # fmt: skip
_OF_EXEC = frozenset(("PAMName", "KillMode", *NAMESPACED.split()))
_BUS_NAME = re.compile(
    r"(?=.{1,255}$)(:[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+|[A-Za-z_-][A-Za-z0-9_-]*(\.[A-Za-z_-][A-Za-z0-9_-]*)+)"
)
_STATUS = re.compile(r"[A-Z][A-Z0-9_+-]*")
_NETLINK = re.compile(r"[a-z0-9-]+(\s+[0-9]+)?")
_HIGHEST_STATUS, _SUN_PATH = 255, 107


@dataclass(frozen=True, slots=True)
class Given:
    """A line and its file."""

    line: Line
    file: str


@dataclass(slots=True)
class Assigned:
    """(section, directive) → the lines that are in force. `gave_up`: where systemd stopped reading a file, and why."""

    held: dict[At, list[Given]] = field(default_factory=dict)
    gave_up: list[tuple[Given, str]] = field(default_factory=list)
    untaken: list[Given] = field(default_factory=list)
    """Relevant lines that systemd drops."""
    unit: str = ""
    template: bool = False
    """Whether `%i` depends on the names of instances."""

    def last(self, section: str, key: str) -> str:
        """The value in force, with specifiers as they could be; "" if there is none."""
        found = self.held.get((section, key), ())
        return make_sample(found[-1].line.value, self.unit) if found else ""

    def open(self, line: Line) -> bool:
        """Whether it depends on the instance name if this is a valid time, address or path."""
        return self.template and line.key in (*TIMERS, *LISTENS, *WATCHES) and has_specifier(line.value)

    def find_given(self, section: str, *keys: str) -> Given | None:
        """The last line in force for the first of `keys` that has one."""
        return next((self.held[section, key][-1] for key in keys if self.held.get((section, key))), None)

    def all(self, section: str, key: str) -> tuple[str, ...]:
        return tuple(each.line.value for each in self.held.get((section, key), ()))


def find_assigned(unit: str, file: UnitFile | None, dropins: Sequence[UnitFile], version: int) -> Assigned:
    """What systemd `version` takes of a unit. `file`: None if only drop-ins are known."""
    name = name_instance(unit, TRIED) if is_template(unit) else unit
    found = Assigned(unit=name, template=is_template(unit))
    for each in (*((file,) if file else ()), *dropins):
        for line in _read(each, found, name, version):
            _take(found.held, Given(line, each.name))
        if found.gave_up and each is file:
            break
    return found


def _read(file: UnitFile, found: Assigned, unit: str, version: int) -> Iterator[Line]:
    """The relevant lines that systemd takes, up to one at which it stops reading the file."""
    sections = list_unit_sections(unit)
    for line in file.directives:
        fatal = can_be_fatal(line.section, line.key)
        if line.section not in sections or not (fatal or _is_relevant(line)):
            continue
        if find_standing(line.section, line.key, version) is Standing.UNKNOWN:
            continue
        trouble = find_fatal(unit, line.section, line.key, line.value, version) if fatal else None
        if trouble is not None and trouble.fatal:
            found.gave_up.append((Given(line, file.name), trouble.what))
            return
        if _is_partly_taken(line, unit, version) if trouble else found.open(line) or _is_taken(line, unit, version):
            yield line
        else:
            found.untaken.append(Given(line, file.name))


def _is_relevant(line: Line) -> bool:
    if line.key in _RELEVANT.get(line.section, ()):
        return True
    return line.section in EXEC_SECTIONS and line.key in _OF_EXEC


def _is_taken(line: Line, unit: str, version: int) -> bool:
    key, value = line.key, line.value
    if can_be_fatal(line.section, key):
        return True
    if find_unresolved(value, unit, version):
        return False
    kind = find_kind(line.section, key, version) or ""
    if not value:
        return find_assignment_rule(key) not in NEVER_EMPTIED and explain_value_trouble(key, kind, value) is None
    check = _check(line.section, key, version)
    value = make_sample(value, unit)
    return check(value) if check else explain_value_trouble(key, kind, value, version) is None


def _check(section: str, key: str, version: int) -> Callable[[str], bool] | None:
    if key in LISTENS:
        return partial(is_listen_value, key)
    swap = (section, key) == ("Swap", "What") and version < SWAP_NODES
    path = key in WATCHES or key == "Where" or swap
    return _is_absolute if path else _CHECKS.get(key)


def _is_partly_taken(line: Line, unit: str, version: int) -> bool:
    """Whether systemd takes the commands before the bad one."""
    return line.key.startswith("Exec") and read_exec_line(line.value, unit, version).commands > 0


def _is_absolute(path: str) -> bool:
    return path.startswith("/") and ".." not in path.split("/")


def is_listen_value(key: str, value: str) -> bool:
    """Whether systemd accepts it as something to listen on."""
    if key in ("ListenFIFO", "ListenSpecial", "ListenMessageQueue", "ListenUSBFunction"):
        return _is_absolute(value)
    if key == "ListenNetlink":
        return _NETLINK.fullmatch(value) is not None
    if value.startswith("/") or (value.startswith("@") and len(value) > 1):
        return len(value.encode()) <= _SUN_PATH
    if key == "ListenSequentialPacket":
        return False
    return value.startswith("vsock") or find_heard(key, value, ipv6_only=False) is not None


def _are_statuses(value: str) -> bool:
    return any(_STATUS.fullmatch(word) or (word.isdecimal() and int(word) <= _HIGHEST_STATUS) for word in value.split())


_CHECKS: dict[str, Callable[[str], bool]] = {
    "BusName": lambda value: _BUS_NAME.fullmatch(value) is not None,
    "OnCalendar": lambda value: not explain_calendar_trouble(value),
    "RestartForceExitStatus": _are_statuses,
    "Service": lambda value: value.endswith(".service"),
    "Symlinks": lambda value: _is_absolute(value.split()[0].strip("\"'")),
}


def _take(held: dict[At, list[Given]], given: Given) -> None:
    line = given.line
    at, rule = (line.section, line.key), find_assignment_rule(line.key)
    if rule is AssignmentRule.SCALAR:
        held[at] = [given] if line.value else []
    elif line.value:
        held.setdefault(at, []).append(given)
    elif rule not in NEVER_EMPTIED:
        dropped = reset_with(line.key)
        for other in [other for other in held if other[0] == line.section and other[1] in dropped]:
            held[other] = []
