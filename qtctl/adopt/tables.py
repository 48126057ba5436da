"""Each unit, of any type → its table in the registry."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qtctl.adopt.adoption import Fate
from qtctl.adopt.assignments import At
from qtctl.adopt.classify_files import PULLS
from qtctl.adopt.entry import Entry, Table
from qtctl.adopt.exec_start import recognize_program, write_command
from qtctl.adopt.install import drop_plain_install, name_target
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.merged_units import Original
from qtctl.adopt.names import make_allowed
from qtctl.adopt.notes import write_notes
from qtctl.adopt.plan import Plan, find_started
from qtctl.adopt.read import Assignment
from qtctl.adopt.secrets import Hidden
from qtctl.adopt.states import Standing
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.dialects.systemd.unit_name import escape_path, is_template, name_instance, unescape
from qtctl.dialects.systemd.values import names_unit
from qtctl.errors import InputError, Place
from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning
from qtctl.model.fields import Node
from qtctl.model.key_values import split_unit_words
from qtctl.model.unit_kinds import DECLARATIONS, UNIT_TABLES
from qtctl.model.units import LISTENS
from qtctl.model.vocabulary import find_model, list_fields
from qtctl.rules.registry.secrets import QT109
from qtctl.rules.units.misread import QT110
from qtctl.rules.units.timers import QT112

MODELS: dict[str, type[Node]] = {table: find_model(table) for table in (*UNIT_TABLES, "dropins")}
_COMMANDS = ("ExecCondition", "ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost")
_STARTS = {each.table: (each.kind.section, each.starts_with) for each in DECLARATIONS if each.starts_with}
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_NAME = "systemd drops words that are not NAME=value"
_PATH_OF = {each.table: (each.kind.section, each.path_key.capitalize()) for each in DECLARATIONS if each.path_key}
_SPECIFIER = re.compile(r"%\S")
"""A % at the end or before white space is literal: systemd has nothing to expand there."""


@dataclass(slots=True)
class Made:
    """A finished table. `ports`: what it listens on, to find collisions. `hidden`: its secrets."""

    original: Original
    kind: str
    name: str
    entry: Entry
    port: str = ""
    hidden: Hidden = field(default_factory=Hidden)

    @property
    def table(self) -> Table:
        return self.entry.table


def make_table(original: Original, plan: Plan, ledger: Ledger) -> Made | None:
    """None if systemd would not load the unit because something is missing; a finding says so."""
    kind = original.kind
    name = plan.names.get(original.unit) or _name_dropin(original)
    entry = Entry(original.unit, list_fields(kind), ledger)
    done = Made(original, kind, name, entry, hidden=Hidden(known=ledger.secrets))
    held = _show_assignments(done)
    _write_head(done, plan, held)
    if kind == "services":
        _run(done, plan, held)
    if kind in ("mounts", "automounts"):
        _write_where(done, held)
    if kind == "sockets":
        _put_addresses(done, held)
    if kind in _STARTS:
        _put_started_unit(done, plan, held)
    for at in list(held):
        special = _SPECIAL.get((kind, *at))
        if special:
            special(done, plan, held)
    _install(done, held, live=plan.live)
    for at, said in held.items():
        entry.take(at, said, plan.get_short_name)
    _finish(done, plan, ledger)
    return done if _is_settled(done, ledger) else None


def _show_assignments(done: Made) -> dict[At, tuple[Assignment, ...]]:
    """The effective assignments without secrets; Environment= is handled separately."""
    held: dict[At, tuple[Assignment, ...]] = {}
    for at, said in done.original.merged.held.items():
        if at[0].startswith("X-") or at[1].startswith("X-"):
            continue
        lines = said if at[1] == "Environment" else tuple(_hide_secrets(done, said))
        if lines:
            held[at] = lines
    return held


def _hide_secrets(done: Made, said: tuple[Assignment, ...]) -> list[Assignment]:
    return [shown for each in said if (shown := done.hidden.mask_line(each)) is not None]


def _write_head(done: Made, plan: Plan, held: dict[At, tuple[Assignment, ...]]) -> None:
    """Summary, state, unit: the beginning of every table."""
    original, entry = done.original, done.entry
    if original.foreign:
        entry.put(("unit",), original.unit)
        if any(_SPECIFIER.search(each.value) for said in held.values() for each in said):
            entry.put(("specifiers",), True)
        _write_resets(done, held)
        return
    described = held.pop(("Unit", "Description"), ())
    entry.put(("summary",), described[-1].value if described else describe_unit(original), described)
    _write_standing(done, plan)
    if original.unit != _name_unit(done, plan):
        entry.put(("unit",), original.unit)
    if original.instances:
        entry.put(("instances",), list(original.instances))
    values = [each.value for said in held.values() for each in said] + [str(entry.table["summary"])]
    by_itself = done.kind == "services" and is_template(original.unit)
    if any(_SPECIFIER.search(value) for value in values) and not by_itself:
        entry.put(("specifiers",), True)


def _write_standing(done: Made, plan: Plan) -> None:
    """Its state, and whether it is enabled if that is not the default; for instances, their own values."""
    original, entry = done.original, done.entry
    up = "running" if done.kind == "services" else "active"
    if plan.live and original.instances:
        each_of = {
            name: plan.find_standing(original, name_instance(original.unit, name)) for name in original.instances
        }
        found = [(each.state, each.enabled) for each in each_of.values()]
        common, _ = Counter([each for each in found if each[0] == up] or found).most_common(1)[0]
        standing = Standing(*common)
        own = {
            name: _drop_common(each, standing, up)
            for name, each in each_of.items()
            if (each.state, each.enabled) != common
        }
        _tell_open({name_instance(original.unit, name): each for name, each in each_of.items()}, done)
    else:
        standing, own = plan.find_standing(original), {}
        _tell_open({original.unit: standing}, done)
    if done.kind == "services" or standing.state != "active":
        entry.put(("state",), standing.state)
    if standing.enabled is not None:
        entry.put(("enabled",), standing.enabled)
    if own:
        entry.put(("instance",), own)


def _drop_common(standing: Standing, common: Standing, up: str) -> Table:
    enabled = standing.state == up if standing.enabled is None else standing.enabled
    return {**({"state": standing.state} if standing.state != common.state else {}), "enabled": enabled}


def _tell_open(standings: Mapping[str, Standing], done: Made) -> None:
    for unit, standing in standings.items():
        if standing.open:
            what, place = f"{unit} {standing.open}", Place(done.original.path)
            done.entry.ledger.tell(unit, what, "say which it is to be", at=place, severity=Severity.WARNING)


def _write_resets(done: Made, held: dict[At, tuple[Assignment, ...]]) -> None:
    """For a drop-in: the directives that it resets before it sets anything. `merge` put the empty assignments first."""
    emptied = {at: said for at, said in held.items() if not said[0].value}
    if not emptied:
        return
    done.entry.put(("resets",), [key for _, key in emptied], [said[0] for said in emptied.values()])
    for at, said in emptied.items():
        held[at] = said[1:]
        if not held[at]:
            del held[at]


def _name_unit(done: Made, plan: Plan) -> str:
    """The unit name that the registry would derive from its entry, without `unit`."""
    original = done.original
    suffix = original.unit[original.unit.rfind(".") :]
    path = original.merged.last(*_PATH_OF[done.kind]) if done.kind in _PATH_OF else ""
    try:
        return f"{escape_path(path)}{suffix}" if path.startswith("/") else f"{plan.prefix}{done.name}{suffix}"
    except InputError:
        return ""


def describe_unit(original: Original) -> str:
    """systemd's description without Description=: what it mounts or swaps on, a slice's path, else its name."""
    if original.kind == "slices":
        return f"Slice /{original.unit.removesuffix('.slice').replace('-', '/')}"
    found = original.merged.last("Mount", "Where") or original.merged.last("Swap", "What")
    if original.kind == "mounts" and not found and not is_template(original.unit):
        return _make_path(original.unit)
    if found or not is_template(original.unit):
        return found or original.unit
    return "%n"


def _run(done: Made, plan: Plan, held: dict[At, tuple[Assignment, ...]]) -> None:
    lines = held.pop(("Service", "ExecStart"), ())
    directory = held.pop(("Service", "WorkingDirectory"), ())
    where = directory[-1].value if directory else ""
    found = recognize_program(tuple(each.value for each in lines), where, plan.venvs)
    done.entry.put(("run",), found.run, (*lines, *directory))
    done.port = found.port


def _make_around(directive: str) -> "Special":
    def take(done: Made, plan: Plan, held: dict[At, tuple[Assignment, ...]]) -> None:
        del plan
        at = ("Service", directive)
        said = held.pop(at)
        done.entry.put(done.entry.keys[at].path, [write_command(each.value) for each in said], said)

    return take


def _write_environment(done: Made, plan: Plan, held: dict[At, tuple[Assignment, ...]]) -> None:
    del plan
    said = held.pop(("Service", "Environment"))
    variables: dict[str, str] = {}
    for each in said:
        if any(not word.partition("=")[1] for word in split(each.value, Escapes.C)):
            done.entry.left["Service", "Environment"] = _NO_NAME
        for name, value in done.hidden.list_variables(each):
            if _ENV_NAME.fullmatch(name):
                variables[name] = value
            else:
                done.entry.left["Service", "Environment"] = _NO_NAME
                what = "Environment= has a name that no variable can have: systemd drops it"
                done.entry.ledger.note_error(QT110, done.original.unit, what, "fix it", at=Place(each.path, each.line))
    done.entry.put(("unit_env",), variables, said)


def _put_started_unit(done: Made, plan: Plan, held: dict[At, tuple[Assignment, ...]]) -> None:
    section, key = _STARTS[done.kind]
    said = held.pop((section, key), ())
    unit = find_started(done.original, section, key)
    if said or done.kind == "timers":
        named = plan.names.get(unit, unit) if unit.endswith(".service") else unit
        done.entry.put(("service",), named, said)


def _write_where(done: Made, held: dict[At, tuple[Assignment, ...]]) -> None:
    """The path in the unit's name, if Where= does not set it."""
    section = done.kind[:-1].capitalize()
    if (section, "Where") not in held:
        done.entry.put(("where",), _make_path(done.original.unit))


def _make_path(unit: str) -> str:
    """The path that the name of a mount stands for."""
    stem = unit.rpartition(".")[0]
    return "/" if stem == "-" else f"/{unescape(stem)}"


def _put_addresses(done: Made, held: dict[At, tuple[Assignment, ...]]) -> None:
    """All kinds of addresses together: the service gets its file descriptors in that order."""
    words = {("Socket", directive): word for word, directive in LISTENS.items()}
    shown = {at: held.pop(at, ()) for at in words}
    said = [one for one in done.original.merged.order if one in shown.get((one.section, one.key), ())]
    if said:
        done.entry.put(("listen",), [f"{words[one.section, one.key]} {one.value}" for one in said], said)


def _install(done: Made, held: dict[At, tuple[Assignment, ...]], *, live: bool) -> None:
    """[Install] as it is, plus the links that it does not account for.

    On a live host, if a unit has links, these are what enables it, whatever [Install] says.
    """
    original = done.original
    if original.foreign:
        return
    linked: dict[str, list[str]] = {key: [] for key in (*PULLS.values(), "Alias")}
    for link in original.pulled:
        if link.puller not in linked[link.by]:
            linked[link.by].append(link.puller)
    linked["Alias"] += original.aliases
    by_links_alone = live and any(linked.values())
    done.entry.table["install"] = {}
    for key, names in linked.items():
        said = _list_words(held, "Install", key)
        wanted = [name for name in said if not by_links_alone or name in names or "%" in name]
        wanted += [name for name in names if name not in said]
        if wanted == said:
            continue
        path, lines = done.entry.keys["Install", key].path, held.pop(("Install", key), ())
        done.entry.put(path, wanted, lines)
        if len(wanted) < len({*said, *names}):
            done.entry.left["Install", key] = "its links on the host differ"


def _list_words(held: Mapping[At, tuple[Assignment, ...]], section: str, key: str) -> list[str]:
    words = split_unit_words(key, (each.value for each in held.get((section, key), ())))
    return [word for word in words if names_unit(word)]


def _finish(done: Made, plan: Plan, ledger: Ledger) -> None:
    """Parts that depend on the whole table: its target, what enables it, notes, secrets."""
    table = done.table
    if done.kind == "services":
        _write_service_type(done)
        if "user" in table and "group" not in table:
            done.entry.put(("group",), "")
        name_target(table, plan)
    if done.kind == "timers":
        _write_persistent(done, ledger)
    drop_plain_install(done.table, done.kind)
    text = write_notes(done.original, ledger)
    if text:
        table["notes"] = text
    _write_secrets(done, plan, ledger)


def _write_service_type(done: Made) -> None:
    """If the unit sets no Type=, write systemd's default."""
    if "type" in done.table:
        return
    if not done.original.has("Service", "ExecStart"):
        done.entry.put(("type",), "oneshot")
        done.table["run"] = {"kind": "exec", "lines": [], "cwd": done.table["run"].get("cwd", "")}


def _write_persistent(done: Made, ledger: Ledger) -> None:
    said = done.original.merged.held.get(("Timer", "Persistent"), ())
    if not said or done.original.has("Timer", "OnCalendar"):
        return
    if parse_boolean(said[-1].value):
        what = "Persistent= without OnCalendar= does nothing; it was left out"
        ledger.note_error(QT112, done.original.unit, what, "take it out", at=Place(said[-1].path, said[-1].line))
        for each in said:
            ledger.note_line(each.path, each.line, Fate.IGNORED, "Persistent=")
            done.entry.typed.pop(id(each), None)
        done.entry.left["Timer", "Persistent"] = "it does nothing without OnCalendar="
        done.table.pop("persistent", None)


def _write_secrets(done: Made, plan: Plan, ledger: Ledger) -> None:
    hidden, table = done.hidden, done.table
    for said, name in hidden.lines:
        ledger.note_line(said.path, said.line, Fate.SECRET, f"{said.key}=")
        what = f"{said.key}= holds a secret{f' ({name})' if name else ''}: it was not copied"
        remedy = (
            f"put it into {_find_secret_file(done, plan)} on the host, and change it: it was readable by anyone there"
        )
        ledger.note_error(QT109, done.original.unit, what, remedy, at=Place(said.path, said.line))
    if hidden.names and done.kind == "services":
        secrets = table.setdefault("secrets", {})
        secrets["env_file"] = _find_secret_file(done, plan)
        secrets["keys"] = sorted(hidden.names)


def _find_secret_file(done: Made, plan: Plan) -> str:
    return f"{plan.env_dir}/{done.name.rstrip('@')}.secret.env"


def _is_settled(done: Made, ledger: Ledger) -> bool:
    if done.entry.settle(MODELS[done.kind]):
        return True
    refuse(done.original, QT110, "cannot be expressed in a registry", ledger)
    return False


def refuse(original: Original, meaning: Meaning, why: str, ledger: Ledger, *, at: Place | None = None) -> None:
    """Leave out a whole unit, with the finding that says why. `at`: the line at fault, if there is one."""
    what = f"{why}; it was not adopted"
    ledger.note_error(meaning, original.unit, what, "fix it, and adopt again", at=at or Place(original.path))
    ledger.note_unread(original.path)
    for said in original.merged.held.values():
        for each in said:
            ledger.note_line(each.path, each.line, Fate.UNREAD, f"{each.key}=")


def _name_dropin(original: Original) -> str:
    return make_allowed(original.unit.replace(".", "-"))


Special = Callable[[Made, Plan, dict[At, tuple[Assignment, ...]]], None]

_SPECIAL: dict[tuple[str, str, str], Special] = {
    **{("services", "Service", key): _make_around(key) for key in _COMMANDS},
    **{(kind, "Service", "Environment"): _write_environment for kind in ("services", "dropins")},
}
