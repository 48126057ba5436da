"""systemd's view of units over D-Bus (facts `unit.listing`, `unit`): what to ask, and what the answers mean.

Of a service only an allow-list of properties is asked for, one `Get` each: `GetAll` would carry its `Environment=` to
any client. What all units have, and what timers have, holds none: it is asked for as a whole, and the allow-list kept.
The state of a unit file is taken from ListUnitFilesByPatterns and GetUnitFileState, which look at the disk: the
property `UnitFileState` is what systemd remembers from an earlier look. Asking for a unit by its name loads it.

`brief`: how a unit is now, not what it was started with, and its file's state as systemd remembers it, as `systemctl
status` shows it. A look at 74 units then costs systemd a third.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, Protocol

from qtctl.dialects.shell import quote
from qtctl.dialects.systemd.size import INFINITY
from qtctl.dialects.systemd.unit_name import make_object_path
from qtctl.model.facts import Unit, UnitListing
from qtctl.model.json import Json

MANAGER = "org.freedesktop.systemd1.Manager"
MANAGER_PATH = "/org/freedesktop/systemd1"
PROPERTIES = "org.freedesktop.DBus.Properties"
GONE = ("org.freedesktop.systemd1.NoSuchUnit", "org.freedesktop.DBus.Error.FileNotFound")
"""Errors that mean: there is no such unit, or it has no file."""

UNIT_NAME = re.compile(
    r"[A-Za-z0-9:_.\\@-]{1,255}\.(service|socket|target|device|mount|automount|swap|timer|path|slice|scope)"
)

LONGEST_NAME = 255

OF_UNIT: Mapping[str, tuple[str, str]] = {
    "fragment_path": ("FragmentPath", "s"),
    "drop_in_paths": ("DropInPaths", "as"),
    "need_daemon_reload": ("NeedDaemonReload", "b"),
    "wants": ("Wants", "set"),
    "requires": ("Requires", "set"),
    "binds_to": ("BindsTo", "set"),
    "upholds": ("Upholds", "set"),
    "wanted_by": ("WantedBy", "set"),
    "required_by": ("RequiredBy", "set"),
    "after": ("After", "set"),
    "conflicted_by": ("ConflictedBy", "set"),
    "stop_propagated_from": ("StopPropagatedFrom", "set"),
    "triggered_by": ("TriggeredBy", "set"),
    "upheld_by": ("UpheldBy", "set"),
    "on_failure_of": ("OnFailureOf", "set"),
    "on_success_of": ("OnSuccessOf", "set"),
    "active_enter_timestamp": ("ActiveEnterTimestamp", "t"),
    "state_change_timestamp": ("StateChangeTimestamp", "t"),
    "freezer_state": ("FreezerState", "s"),
    "condition_result": ("ConditionResult", "b"),
    "condition_timestamp": ("ConditionTimestamp", "t"),
}
OF_SERVICE: Mapping[str, tuple[str, str]] = {
    "result": ("Result", "s"),
    "main_pid": ("MainPID", "t"),
    "exec_main_code": ("ExecMainCode", "t"),
    "exec_main_status": ("ExecMainStatus", "t"),
    "exec_main_start_timestamp": ("ExecMainStartTimestamp", "t"),
    "n_restarts": ("NRestarts", "t"),
    "memory_current": ("MemoryCurrent", "size"),
    "user": ("User", "s"),
    "working_directory": ("WorkingDirectory", "s"),
    "exec_start": ("ExecStart", "exec"),
}
BRIEF = frozenset(("result", "main_pid", "n_restarts", "memory_current"))
"""Of a service, what a brief look asks for."""
OF_TIMER: Mapping[str, tuple[str, str]] = {
    "result": ("Result", "s"),
    "next_elapse_usec_realtime": ("NextElapseUSecRealtime", "t"),
    "next_elapse_usec_monotonic": ("NextElapseUSecMonotonic", "t"),
    "last_trigger_usec": ("LastTriggerUSec", "t"),
}
BY_TYPE = {"service": ("Service", OF_SERVICE), "timer": ("Timer", OF_TIMER)}
FILE_STATE = "UnitFileState"
"""The property; of a unit without a file it is empty."""
RECENT = frozenset(
    (
        *("upholds", "freezer_state", "wanted_by", "required_by"),
        *("conflicted_by", "stop_propagated_from", "triggered_by", "upheld_by", "on_failure_of", "on_success_of"),
        "memory_current",
    )
)
"""Properties that some systemd versions in use lack, or evidence of earlier qtctl versions: None then."""
WHOLE = ("Unit", "Timer")
"""Interfaces that are asked for as a whole."""


UNKNOWN_PROPERTY = "org.freedesktop.DBus.Error.UnknownProperty"
Call = tuple[str, tuple[str, ...]]
"""Method and arguments."""
Shown = Sequence[tuple[str, str]]
"""Interface and name of properties that show how directives are loaded."""


class Question(NamedTuple):
    """A method call of systemd1 on the system bus."""

    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[object, ...] = ()


class Reply(Protocol):
    """Its answer: `body`, or the name and text of an error."""

    @property
    def body(self) -> tuple[object, ...]: ...
    @property
    def error(self) -> str: ...
    @property
    def message(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A unit as ListUnits and ListUnitsByNames show it. `id`: its first name, if it was asked for by an alias."""

    id: str
    description: str
    load: str
    active: str
    sub: str

    @property
    def absent(self) -> bool:
        """No file, and nothing of it runs: remnants of an old run in systemd do not make it present."""
        return self.load == "not-found" and self.active in ("inactive", "failed")


class Undecodable(ValueError):
    """An answer of another type than systemd's interface documents."""


def explain_odd_name(unit: str) -> str:
    """Why a unit has no state to ask for, or ''."""
    if not UNIT_NAME.fullmatch(unit):
        return "not a unit name"
    if unit.startswith("@") or "@." in unit:
        return "a template has no state of its own; whether its file is there is in the list of units"
    return ""


def make_again(unit: str) -> str:
    names = ["LoadState", "ActiveState", "SubState", *(name for name, _ in _get_table(unit).values())]
    return f"systemctl show -p {','.join(names)} {quote(unit)}"


LISTING_AGAIN = "systemctl list-units --all --full --no-legend --plain; systemctl list-unit-files --no-legend"


ALL_UNITS = Question(MANAGER_PATH, MANAGER, "ListUnits")


def ask_by_names(names: Sequence[str]) -> Question:
    """The state of each of `names`, which are loaded for it."""
    return Question(MANAGER_PATH, MANAGER, "ListUnitsByNames", "as", (list(names),))


def ask_unit_files(patterns: Iterable[str]) -> Question:
    """The unit files with these names or patterns. For all files, systemd takes half a second and does nothing else."""
    body: tuple[object, ...] = ([], sorted(set(patterns)))
    return Question(MANAGER_PATH, MANAGER, "ListUnitFilesByPatterns", "asas", body)


def ask_file_state(unit: str) -> Question:
    return Question(MANAGER_PATH, MANAGER, "GetUnitFileState", "s", (unit,))


def ask_properties(unit: str, more: Shown = (), *, brief: bool = False) -> tuple[Question, ...]:
    """The questions for the allow-listed properties and for `more`, in the order that `read_values` expects."""
    path = make_object_path(unit)
    calls = _list_all_calls(unit, more, brief=brief)
    return tuple(Question(path, PROPERTIES, member, "s" * len(body), body) for member, body in calls)


def describe_asked(unit: str, more: Shown = (), *, brief: bool = False) -> tuple[str, ...]:
    """What each of `ask_properties` asks for, in words."""
    calls = _list_all_calls(unit, more, brief=brief)
    return tuple(body[1] if member == "Get" else f"{body[0]}.*" for member, body in calls)


def read_values(unit: str, replies: Sequence[Reply], more: Shown = (), *, brief: bool = False) -> dict[str, object]:
    """The properties in the replies to `ask_properties`, by name. Undecodable if an allowed one is missing."""
    found: dict[str, object] = {}
    for (member, body), reply in zip(_list_all_calls(unit, more, brief=brief), replies, strict=True):
        if reply.error == UNKNOWN_PROPERTY:
            continue  # this systemd does not have it
        value = read_single(reply)
        if member == "Get":
            found[body[1]] = value
        elif isinstance(value, dict):
            found |= value
        else:
            raise Undecodable("not a list of properties")
    return found


def list_triggering_sockets(unit: str, replies: Sequence[Reply], more: Shown) -> tuple[str, ...]:
    """The sockets that start a unit, from the replies to `ask_properties`; none if those cannot be read."""
    try:
        found = read_values(unit, replies, more).get("TriggeredBy")
    except Undecodable:
        return ()
    names = found if isinstance(found, list | tuple) else ()
    return tuple(
        name for name in names if isinstance(name, str) and name.endswith(".socket") and not explain_odd_name(name)
    )


def _list_all_calls(unit: str, more: Shown, *, brief: bool) -> tuple[Call, ...]:
    """Calls for its type, then one for each of `more` that they do not cover."""
    calls = _list_calls(_find_kind(unit), brief=brief)
    covered = {body[1] for member, body in calls if member == "Get"}
    prefix = "org.freedesktop.systemd1."
    extra = ((interface, name) for interface, name in more if interface not in WHOLE and name not in covered)
    return (*calls, *(("Get", (f"{prefix}{interface}", name)) for interface, name in extra))


@cache
def _list_calls(kind: str, *, brief: bool) -> tuple[Call, ...]:
    """Method and arguments of each question about a unit of a type."""
    calls: list[Call] = []
    for name, table in (("Unit", OF_UNIT), *([BY_TYPE[kind]] if kind in BY_TYPE else [])):
        interface = f"org.freedesktop.systemd1.{name}"
        if name in WHOLE:
            calls.append(("GetAll", (interface,)))
        else:
            asked = (each for field, (each, _) in table.items() if not brief or field in BRIEF)
            calls += [("Get", (interface, property_)) for property_ in asked]
    return tuple(calls)


def read_rows(reply: Reply) -> list[Row]:
    """The body of ListUnits or ListUnitsByNames, in order."""
    listed = _read_array(reply)
    return [_read_row(each) for each in listed]


def read_files(reply: Reply) -> dict[str, str]:
    """The body of ListUnitFilesByPatterns: unit file name → state."""
    return dict(sorted(_read_file(each) for each in _read_array(reply)))


def make_listing(units: Iterable[Row], unit_files: dict[str, str]) -> UnitListing:
    return UnitListing(
        {row.id: [row.load, row.active, row.sub] for row in sorted(units, key=lambda row: row.id)}, unit_files
    )


def decode(
    unit: str,
    row: Row,
    state: str,
    properties: Mapping[str, object],
    *,
    argvs: Sequence[Sequence[str]] = (),
    more: Shown = (),
    brief: bool = False,
) -> Unit:
    """The allow-listed properties, typed, `more` as they are, and no others. `state` is that of the unit file.

    Of commands that are not in `argvs` (the declared ones as systemd shows them) only the executable is kept: people
    put passwords there. Undecodable for a value that is missing or has another type.
    """
    from qtctl.dialects.secrets import mask  # noqa: PLC0415 - as in _shown

    table = _get_table(unit).items()
    optional = RECENT | OF_SERVICE.keys() - BRIEF if brief else RECENT
    there = ((field, name, kind) for field, (name, kind) in table if name in properties or field not in optional)
    found: dict[str, Any] = {field: _read_value(name, kind, properties.get(name)) for field, name, kind in there}
    if "exec_start" in found:
        known = [list(argv) for argv in argvs]
        found["exec_start"] = [_show_argv(each) if each in known else each[:1] for each in found["exec_start"]]
    loaded = {name: _read_loaded(name, properties[name], argvs) for _, name in more if name in properties}
    return Unit(load_state=row.load, active_state=row.active, sub_state=row.sub, unit_file_state=state,
                description=mask(row.description), loaded=loaded or None, **found)  # fmt: skip


def _read_loaded(name: str, value: object, argvs: Sequence[Sequence[str]]) -> Json:
    """As JSON has it, without possible secrets. Undecodable for a value that no directive is loaded as."""
    from qtctl.dialects.secrets import mask  # noqa: PLC0415 - as in _shown
    from qtctl.dialects.systemd.properties import COMMANDS  # noqa: PLC0415
    from qtctl.dialects.systemd.property_values import NotComparable, make_plain  # noqa: PLC0415

    if name in COMMANDS and isinstance(value, list | tuple):
        known = [list(argv) for argv in argvs]
        commands = (_read_argv(name, each) for each in value)
        return [[*(_show_argv(argv) if argv in known else argv[:1])] for argv in commands]
    try:
        plain: Json = make_plain(value)
    except NotComparable as error:
        raise Undecodable(f"{name}: {error}") from error
    return mask(plain) if isinstance(plain, str) else plain


def _show_argv(argv: Sequence[str]) -> list[str]:
    """A registry may hold a secret, too."""
    from qtctl.dialects.arguments import mask_arguments  # noqa: PLC0415 - 10 ms: loaded while the host answers

    return list(mask_arguments(argv))


def read_single(reply: Reply) -> object:
    """The one value of an answer. Undecodable if it has none, also because the unit has gone meanwhile."""
    if reply.error:
        raise Undecodable(f"the unit disappeared while it was being read: {reply.error}")
    if len(reply.body) != 1:
        raise Undecodable("not one value")
    return reply.body[0]


def read_remembered_state(values: Mapping[str, object]) -> str:
    """Of a unit's file; '' if it has none."""
    found = values.get(FILE_STATE, "")
    if isinstance(found, str):
        return found
    raise Undecodable(f"{FILE_STATE}: not a word")


def read_word(reply: Reply) -> str:
    value = read_single(reply)
    if isinstance(value, str):
        return value
    raise Undecodable("not a word")


def _get_table(unit: str) -> dict[str, tuple[str, str]]:
    return _make_tables(_find_kind(unit))


def _find_kind(unit: str) -> str:
    return unit.rpartition(".")[2]


@cache
def _make_tables(kind: str) -> dict[str, tuple[str, str]]:
    return {**OF_UNIT, **BY_TYPE.get(kind, ("", {}))[1]}


def _read_array(reply: Reply) -> Sequence[object]:
    if len(reply.body) == 1 and isinstance(reply.body[0], list | tuple):
        return reply.body[0]
    raise Undecodable("not a list")


def _read_row(entry: object) -> Row:
    match entry:
        case [str(id_), str(description), str(load), str(active), str(sub), *_] if _may_be_a_name(id_):
            return Row(id_, description, load, active, sub)
    raise Undecodable("not an entry of a list of units")


def _may_be_a_name(text: str) -> bool:
    """Whether systemd could list it: a file in a unit folder need not have a unit's name."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


def _read_file(entry: object) -> tuple[str, str]:
    match entry:
        case [str(path), str(state)] if _may_be_a_name(name := path.rpartition("/")[2]):
            return name, state
    raise Undecodable("not an entry of a list of unit files")


def _read_value(name: str, kind: str, value: object) -> object:
    match kind, value:
        case ("s", str()) | ("b", bool()):
            return value
        case "t", int() if not isinstance(value, bool):
            return value
        case "size", int() if not isinstance(value, bool):
            return None if value == INFINITY else value
        case (("as" | "set"), [*items]) if all(isinstance(item, str) for item in items):
            return sorted(map(str, items)) if kind == "set" else list(items)
        case "exec", [*commands]:
            return [_read_argv(name, each) for each in commands]
    raise Undecodable(f"{name} is not of the type that systemd documents")


def _read_argv(name: str, command: object) -> list[str]:
    """One of ExecStart's a(sasbttttuii): path, argv, and how it went. The path stands for argv[0], which may differ."""
    match command:
        case [str(path), [*argv], *_] if all(isinstance(word, str) for word in argv):
            return [path, *map(str, argv[1:])]
    raise Undecodable(f"{name} is not of the type that systemd documents")
