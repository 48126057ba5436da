"""What systemd refuses to load, and why: what its own verify functions check in a unit (service.c, socket.c …).

The only place that knows these reasons. Values that make it stop reading a file are in `fatal`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qtctl.dialects.systemd.assigned import NAMESPACED, Assigned, Given, find_assigned
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.directives import LISTENS, TIMERS, WATCHES
from qtctl.dialects.systemd.fatal import read_exec_line
from qtctl.dialects.systemd.specifiers import make_sample
from qtctl.dialects.systemd.splitting import split_plain_words
from qtctl.dialects.systemd.unit_name import escape_path, strip_type, unescape
from qtctl.dialects.systemd.unitfile import UnitFile
from qtctl.dialects.systemd.values import names_unit
from qtctl.errors import InputError

FORCED_ONESHOT = 256
"""The first systemd that lets a oneshot have RestartForceExitStatus=."""
CONTEXTS = 256
"""The first one that checks home, working directory and PAM in all unit types alike."""
PRIVATE_PIDS = 257
CREDENTIALS = 255
_TAGS = frozenset(("UUID", "LABEL", "PARTUUID", "PARTLABEL"))
_API = frozenset((
    "/proc", "/sys", "/dev", "/sys/kernel/security", "/sys/fs/smackfs", "/dev/shm", "/dev/pts", "/run",  # noqa: S108
    "/sys/fs/cgroup", "/sys/fs/pstore", "/sys/firmware/efi/efivars", "/sys/fs/bpf", "/sys/fs/selinux", "/dev/console",
    "/proc/kmsg", "/proc/sys", "/proc/sys/kernel/random/boot_id",
))  # fmt: skip
"""Where systemd itself mounts something."""
_NEVER_ONESHOT = ("always", "on-success")
"""Restart= values that a oneshot may not have."""
_RESERVED = frozenset(("fd", "pgrp", "minproto", "maxproto", "direct", "indirect"))
_ACCEPTED = frozenset(("ListenStream", "ListenSequentialPacket"))
_NODES = frozenset(("ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, what to do, and the line that it is about. Never shows a value that could be a secret.

    `loads`: systemd drops the line and loads the unit, but not as written.
    """

    what: str
    remedy: str
    given: Given | None = None
    loads: bool = False
    sure: bool = True
    """False if it depends on a unit that is not known."""
    likely: bool = False
    """If not sure: whether it is likely from what is known of the unit."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """`name` is that of an instance if the unit is a template."""

    name: str
    version: int
    has: Assigned

    def says(self, section: str, key: str) -> bool:
        """Whether a boolean is true."""
        return parse_boolean(self.has.last(section, key)) is True


def find_refusals(unit: str, file: UnitFile, version: int, dropins: Sequence[UnitFile] = ()) -> tuple[Refusal, ...]:
    """Why systemd `version` would not load the unit as written; empty if it would.

    `dropins` in the order in which systemd reads them. A template is judged by the instance `i`.
    """
    has = find_assigned(unit, file, dropins, version)
    return tuple(_find_all(_Unit(has.unit, version, has), file.name))


def find_dropin_refusals(unit: str, file: UnitFile, version: int) -> tuple[Refusal, ...]:
    """What makes systemd drop the rest of a drop-in for an unknown unit, or could make it refuse the unit."""
    found = find_assigned(unit, None, (file,), version)
    return (*_find_given_up(found, main=""), *_list_added_start(found, file))


def _list_added_start(found: Assigned, file: UnitFile) -> Iterator[Refusal]:
    starts = [each.value for each in file.directives if (each.section, each.key) == ("Service", "ExecStart")]
    given, type_ = found.find_given("Service", "ExecStart"), found.last("Service", "Type")
    if given is None or "" in starts or type_ == "oneshot":
        return
    no_oneshot = bool(type_) or found.last("Service", "Restart") in _NEVER_ONESHOT
    what = "adds an ExecStart= to that of the unit: systemd refuses a second one, unless the unit is a oneshot"
    remedy = 'empty it first, with "ExecStart=" before it'
    yield Refusal(what, remedy, given, loads=True, sure=False, likely=no_oneshot)


def _find_all(unit: _Unit, main: str) -> Iterator[Refusal]:
    gave_up = list(_find_given_up(unit.has, main))
    yield from gave_up
    if any(not each.loads for each in gave_up):
        return
    verify = _VERIFY.get(unit.name.rpartition(".")[2])
    if verify is not None:
        yield from verify(unit)
    yield from _check_isolated(unit)


def _find_given_up(found: Assigned, main: str) -> Iterator[Refusal]:
    for given, why in found.gave_up:
        article = "an" if given.line.key[0] in "AEIO" else "a"
        if given.file == main:
            yield Refusal(f"has {article} {given.line.key}= that {why}", "fix the value", given)
        else:
            what = f"has {article} {given.line.key}= that {why}, in a drop-in: systemd drops the rest of that file"
            yield Refusal(what, "fix the value", given, loads=True)


def _check_service(unit: _Unit) -> Iterator[Refusal]:
    has, type_ = unit.has, _find_type(unit)
    for given in has.untaken:
        if (given.line.section, given.line.key) == ("Service", "Type") and given.line.value:
            what = f"has a Type= that systemd {unit.version} does not know, and would run as Type={type_}"
            yield Refusal(what, "choose a type that it knows, or correct the host's systemd", given, loads=True)
    yield from _list_commands(unit, type_)
    if type_ == "oneshot":
        yield from _check_oneshot(unit)
    if type_ == "dbus" and not has.last("Service", "BusName"):
        what = "is of Type=dbus and has no BusName="
        yield Refusal(what, "set BusName=, or choose another type", has.find_given("Service", "Type"))
    if type_ == "forking" and unit.version >= PRIVATE_PIDS and unit.says("Service", "PrivatePIDs"):
        what = "has PrivatePIDs=, which Type=forking may not have"
        yield Refusal(what, "choose another type", has.find_given("Service", "PrivatePIDs"))
    yield from _check_context(unit, "Service", mixed=True)


def _find_type(unit: _Unit) -> str:
    """As systemd derives it if there is no valid Type=."""
    said = unit.has.last("Service", "Type")
    if said:
        return said
    if unit.has.last("Service", "BusName"):
        return "dbus"
    return "simple" if unit.has.all("Service", "ExecStart") else "oneshot"


def _list_commands(unit: _Unit, type_: str) -> Iterator[Refusal]:
    has = unit.has
    starts = [read_exec_line(value, unit.name, unit.version).commands for value in has.all("Service", "ExecStart")]
    succeeds = has.last("Unit", "SuccessAction") not in ("", "none")
    if sum(starts) > 1 and type_ != "oneshot":
        what = f"has more than one ExecStart=, which Type={type_} may not have: only oneshot may"
        remedy = 'empty the first with "ExecStart=", or set Type=oneshot'
        yield Refusal(what, remedy, has.find_given("Service", "ExecStart"))
    if sum(starts):
        return
    if type_ != "oneshot":
        what = f"has no ExecStart=, which Type={type_} needs"
        yield Refusal(what, "set ExecStart=", has.find_given("Service", "Type"))
    elif not has.all("Service", "ExecStop") and not succeeds:
        yield Refusal("has neither ExecStart= nor ExecStop= nor SuccessAction=", "set ExecStart=")
    elif not succeeds and not unit.says("Service", "RemainAfterExit"):
        what = "has no ExecStart=, and would end at once: ExecStop= alone needs RemainAfterExit=yes"
        yield Refusal(what, "set RemainAfterExit=yes, or ExecStart=", has.find_given("Service", "ExecStop"))


def _check_oneshot(unit: _Unit) -> Iterator[Refusal]:
    has = unit.has
    restart = has.last("Service", "Restart")
    if restart in _NEVER_ONESHOT:
        what = f"has Restart={restart}, which Type=oneshot may not have"
        yield Refusal(what, "set Restart= to on-failure or no", has.find_given("Service", "Restart"))
    if unit.version < FORCED_ONESHOT and has.all("Service", "RestartForceExitStatus"):
        what = f"has RestartForceExitStatus=, which Type=oneshot may not have before systemd {FORCED_ONESHOT}"
        yield Refusal(what, "take it out", has.find_given("Service", "RestartForceExitStatus"))
    if has.last("Service", "ExitType") == "cgroup":
        what = "has ExitType=cgroup, which Type=oneshot may not have"
        yield Refusal(what, "take it out", has.find_given("Service", "ExitType"))


def _check_context(unit: _Unit, section: str, *, mixed: bool = False) -> Iterator[Refusal]:
    """What no unit that runs something may have. `mixed`: also in older versions, with PAM."""
    has = unit.has
    modes = ("", "control-group", "mixed") if mixed or unit.version >= CONTEXTS else ("", "control-group")
    if has.last(section, "PAMName") and has.last(section, "KillMode") not in modes:
        allowed = " or ".join(mode for mode in modes if mode)
        what = f"has PAMName= and KillMode={has.last(section, 'KillMode')}: with PAM it must be {allowed}"
        yield Refusal(what, f"set KillMode={modes[1]}", has.find_given(section, "KillMode"))
    if unit.version < CONTEXTS:
        return
    home = has.last(section, "WorkingDirectory").removeprefix("-")
    if home == "~" and unit.says(section, "DynamicUser"):
        what = "has WorkingDirectory=~ and DynamicUser=: such a user has no home"
        yield Refusal(what, "name a folder", has.find_given(section, "WorkingDirectory"))
    if f"{home}/".startswith(("/proc/", "/sys/", "/dev/")) and _is_namespaced(unit, section):
        what = "has a WorkingDirectory= below /proc, /sys or /dev, and a file system namespace of its own"
        yield Refusal(what, "name another folder", has.find_given(section, "WorkingDirectory"))
    if section != "Service" and unit.version >= PRIVATE_PIDS and unit.says(section, "PrivatePIDs"):
        what = "has PrivatePIDs=, which only a service may have"
        yield Refusal(what, "take it out", has.find_given(section, "PrivatePIDs"))


def _is_namespaced(unit: _Unit, section: str) -> bool:
    values = (unit.has.last(section, key) for key in NAMESPACED.split())
    return unit.says(section, "DynamicUser") or any(
        value and parse_boolean(value) is not False and value not in ("default", "all") for value in values
    )


def _check_socket(unit: _Unit) -> Iterator[Refusal]:
    has = unit.has
    listened = [(key, make_sample(value, unit.name)) for key in sorted(LISTENS) for value in has.all("Socket", key)]
    if not listened:
        yield Refusal("has nothing to listen on", "add a ListenStream= or another Listen…=")
        return
    accepts = unit.says("Socket", "Accept")
    most = has.find_given("Socket", "MaxConnections")
    if most and not most.line.value.strip("+0") and (accepts or unit.version >= CONTEXTS):
        yield Refusal("has MaxConnections=0", "allow some", most)
    if accepts and any(key not in _ACCEPTED for key, _ in listened):
        what = "has Accept=yes, and listens on something that takes no connections"
        yield Refusal(what, "set Accept=no, or listen on streams only", has.find_given("Socket", "Accept"))
    if accepts and has.find_given("Socket", "Service"):
        what = "has Accept=yes and Service=: each connection starts an instance of the template of its own name"
        yield Refusal(what, "take Service= out, or set Accept=no", has.find_given("Socket", "Service"))
    nodes = [value for key, value in listened if key in _NODES and value.startswith("/")]
    if has.find_given("Socket", "Symlinks") and len(nodes) != 1:
        what = "has Symlinks=, and listens on none or several paths that they could lead to"
        yield Refusal(what, "listen on one path, or take Symlinks= out", has.find_given("Socket", "Symlinks"))
    yield from _check_context(unit, "Socket")


def _check_timer(unit: _Unit) -> Iterator[Refusal]:
    changes = any(unit.says("Timer", key) for key in ("OnClockChange", "OnTimezoneChange"))
    if not changes and not any(unit.has.all("Timer", key) for key in TIMERS):
        yield Refusal("has no time to run at", "add an OnCalendar= or another On…=")


def _check_path(unit: _Unit) -> Iterator[Refusal]:
    if not any(unit.has.all("Path", key) for key in WATCHES):
        yield Refusal("has nothing to watch", "add a PathExists= or another path")


def _check_mount(unit: _Unit) -> Iterator[Refusal]:
    has = unit.has
    where, fits = _find_path(unit, "Mount", "Where")
    if not fits:
        yield Refusal("is not named after its Where=", _RENAME, has.find_given("Mount", "Where"))
    elif where in _API or where.startswith(("/sys/fs/cgroup/", "/run/host/")) or where == "/run/host":
        yield Refusal(
            "is for a place where systemd itself mounts a file system",
            "choose another",
            has.find_given("Mount", "Where"),
        )
    elif unit.version >= CREDENTIALS and f"{where}/".startswith("/run/credentials/"):
        yield Refusal("is for a folder of credentials", "choose another place", has.find_given("Mount", "Where"))
    if not has.last("Mount", "What"):
        yield Refusal("has no What=", "set What=")
    yield from _check_context(unit, "Mount")


def _check_automount(unit: _Unit) -> Iterator[Refusal]:
    has = unit.has
    where, fits = _find_path(unit, "Automount", "Where")
    if not fits:
        yield Refusal("is not named after its Where=", _RENAME, has.find_given("Automount", "Where"))
    elif where == "/":
        yield Refusal("is for the root directory", "choose another place", has.find_given("Automount", "Where"))
    options = {option.partition("=")[0].strip() for option in has.last("Automount", "ExtraOptions").split(",")}
    if options & _RESERVED:
        what = f"has ExtraOptions= with {', '.join(sorted(options & _RESERVED))}, which systemd sets itself"
        yield Refusal(what, "take that out", has.find_given("Automount", "ExtraOptions"))


def _check_swap(unit: _Unit) -> Iterator[Refusal]:
    _, fits = _find_path(unit, "Swap", "What")
    kind, tag, value = unit.has.last("Swap", "What").partition("=")
    if tag and kind in _TAGS:
        fits = strip_type(unit.name) == escape_path(f"/dev/disk/by-{kind.lower()}/{value}")
    if not fits:
        yield Refusal("is not named after its What=", _RENAME, unit.has.find_given("Swap", "What"))
    yield from _check_context(unit, "Swap")


_RENAME = "name it as `systemd-escape --path` does"


def _find_path(unit: _Unit, section: str, key: str) -> tuple[str, bool]:
    """The path that the unit is for, and whether it comes from the unit's name."""
    said, name = unit.has.last(section, key), strip_type(unit.name)
    try:
        path = said or ("/" if name == "-" else f"/{unescape(name)}")
        return "/" + "/".join(part for part in path.split("/") if part not in ("", ".")), escape_path(path) == name
    except InputError:
        return said, False


def _check_slice(unit: _Unit) -> Iterator[Refusal]:
    name = strip_type(unit.name)
    odd = name.startswith("-") or name.endswith("-") or "--" in name or "@" in name
    if odd and name != "-":
        what = "has a name that no slice may have: dashes separate the names of its parents, and none may be empty"
        yield Refusal(what, "rename it")


def _check_isolated(unit: _Unit) -> Iterator[Refusal]:
    has = unit.has
    for key in ("OnFailure", "OnSuccess"):
        mode = has.last("Unit", f"{key}JobMode")
        if key == "OnFailure" and not mode and unit.says("Unit", "OnFailureIsolate"):
            mode = "isolate"
        words = (word for value in has.all("Unit", key) for word in split_plain_words(make_sample(value, unit.name)))
        others = {word for word in words if names_unit(word)} - {unit.name}
        if mode == "isolate" and len(others) > 1:
            what = f"has {key}JobMode=isolate and more than one {key}="
            yield Refusal(what, "name one unit, or choose another mode", has.find_given("Unit", f"{key}JobMode", key))


_VERIFY: dict[str, Callable[[_Unit], Iterator[Refusal]]] = {
    "service": _check_service,
    "socket": _check_socket,
    "timer": _check_timer,
    "path": _check_path,
    "mount": _check_mount,
    "automount": _check_automount,
    "swap": _check_swap,
    "slice": _check_slice,
}
