"""What pydantic rejects in a table of a registry → what an operator must change: one refusal per cause."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from qtctl.dialects.arguments import mask_lines
from qtctl.dialects.nearest import Known, find_nearest, is_slip
from qtctl.dialects.secrets import is_secret_name
from qtctl.dialects.toml.keys import Step, quote, write_key
from qtctl.model.expect import (
    Unfit,
    describe_expected,
    describe_kind,
    is_list,
    is_table,
    join_words,
    list_choices,
    list_model_keys,
    list_options,
    strip_annotation,
    write_value,
)

Path = tuple[Step, ...]

_UNKNOWN, _MISSING = "extra_forbidden", "missing"
_KEY = "[key]"
"""What pydantic appends to the location of a rejected key."""
_HIDDEN_BELOW = frozenset({"env", "unit_env", "secrets"})
_MOST_KEYS = 12
_OTHER_WORDS = {"environment": "env", "Environment": "env"}
"""What other tools call a key → the key, where spelling alone does not lead to it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """`path`: keys and places in lists, from the table that was read. `what` names the key as an operator writes it.

    `meant`: of an unknown key, the one that it was meant to be, where that is clear. `should`: what a value should be,
    or why it cannot be, without the value.
    """

    path: Path
    what: str
    hint: str = ""
    meant: Path = ()
    should: str = ""


@dataclass(frozen=True, slots=True)
class _Fault:
    """An error and its place in the document: the type that was wanted, and the value given."""

    path: Path
    kind: str
    wanted: object
    value: object
    reason: str = ""


def list_refusals(model: type[BaseModel], document: object, error: ValidationError, prefix: Path = ()) -> list[Refusal]:
    """In pydantic's order. `prefix`: the keys that lead to the table, as messages name them."""
    faults = _list_causes([_locate(model, document, detail) for detail in error.errors(include_url=False)])
    missing, unknown = ([fault.path for fault in faults if fault.kind == kind] for kind in (_MISSING, _UNKNOWN))
    tables = frozenset(fault.path for fault in faults if isinstance(fault.value, dict))
    meant = _Meant(model, missing, unknown, tables)
    renamed = {(*fault.path[:-1], meant.find_key(fault.path)) for fault in faults if fault.kind == _UNKNOWN}
    found = []
    for fault in faults:
        if fault.kind == _UNKNOWN:
            what = f"unknown key {write_key((*prefix, *fault.path))}"
            near = meant.find_key(fault.path)
            instead = (*fault.path[:-1], near) if near else ()
            found.append(Refusal(fault.path, what, meant.make_hint(prefix, fault.path), instead))
        elif fault.kind != _MISSING or fault.path not in renamed:
            found.append(_SAID.get(fault.kind, _make_wrong)(prefix, fault))
    return found


class _Meant:
    """Which key an unknown one was meant to be: preferably one that is missing in the same table."""

    def __init__(
        self, model: type[BaseModel], missing: list[Path], unknown: list[Path], tables: frozenset[Path]
    ) -> None:
        self._model = model
        self._tables = tables
        self._unknown = Counter(path[:-1] for path in unknown)
        self._missing: dict[Path, list[str]] = {}
        for path in missing:
            self._missing.setdefault(path[:-1], []).append(str(path[-1]))
        self._keys: dict[tuple[Path, object], Known] = {}
        self._found: dict[Path, str] = {}

    def find_key(self, path: Path) -> str:
        """A key of the same table; "" if none is near."""
        if path not in self._found:
            table = path[:-1]
            if _OTHER_WORDS.get(str(path[-1])) in self._list_here(table):
                return _OTHER_WORDS[str(path[-1])]
            if self._is_misplaced(path):
                return ""
            missing = self._missing.get(table, [])
            at = (tuple(missing), _find_model(self._model, table))
            if at not in self._keys:
                self._keys[at] = Known(dict.fromkeys([*missing, *self._list_here(table)]))
            near = self._keys[at].find_nearest(str(path[-1]))
            self._found[path] = near if is_slip(str(path[-1]), near) else self._suggest_other(path, missing, near)
        return self._found[path]

    def _is_misplaced(self, path: Path) -> bool:
        """Whether it is a whole table that belongs at the top level."""
        keys, name = list_model_keys(self._model), str(path[-1])
        return len(path) > 1 and path in self._tables and name in keys and is_table(keys[name])

    def _suggest_other(self, path: Path, missing: list[str], near: str) -> str:
        """For a name that is no typo: the only missing key, or none if another table has the name; else `near`."""
        table = path[:-1]
        if table and len(missing) == 1 and self._unknown[table] == 1:
            return missing[0]
        return "" if self._find_elsewhere(path) else near

    def make_hint(self, prefix: Path, path: Path) -> str:
        """The key that was meant: in the same table, or of the same name in another one; else a list of all keys."""
        name, table = str(path[-1]), path[:-1]
        near = self.find_key(path)
        if near:
            return f"did you mean {write_key((*prefix, *table, near))}?"
        keys = list_model_keys(self._model)
        if table and name in keys:
            meant = write_key((*prefix, name))
            return (
                f"did you mean [{meant}]?"
                if is_table(keys[name])
                else (f"did you mean {meant}? it belongs before the first [table]")
            )
        elsewhere = self._find_elsewhere(path)
        if elsewhere:
            return f"did you mean {join_words([write_key((*prefix, *each)) for each in elsewhere[:3]])}?"
        here = self._list_here(table)
        shown = f"{', '.join(here[:_MOST_KEYS])} …" if len(here) > _MOST_KEYS else ", ".join(here)
        return f"known here: {shown}"

    def _find_elsewhere(self, path: Path) -> list[Path]:
        """Keys of the same name in other tables."""
        name, table = str(path[-1]), path[:-1]
        return [
            (key, name) for key in list_model_keys(self._model) if (key,) != table and name in self._list_here((key,))
        ]

    def _list_here(self, table: Path) -> list[str]:
        at = _find_model(self._model, table)
        return list(list_model_keys(at)) if at else []


def may_show(path: Sequence[Step], value: object) -> bool:
    """Whether a message may quote a value: not if it is an environment or a secret, or looks like one."""
    if isinstance(value, list):
        return all(may_show(path, each) for each in value)
    for step in path:
        if isinstance(step, str) and (step in _HIDDEN_BELOW or _is_of_secrets(step)):
            return False
    return not isinstance(value, str) or mask_lines(value) == value


def _is_of_secrets(key: str) -> bool:
    """A key named after a secret, or a directive with an environment or credentials."""
    return is_secret_name(key) or key.startswith(("Environment", "SetCredential", "LoadCredential"))


def _list_causes(faults: list[_Fault]) -> list[_Fault]:
    """One cause per place; of a union, the member that fits the given value best."""
    found: dict[tuple[Path, bool], _Fault] = {}
    for fault in faults:
        at = (fault.path, fault.kind == _KEY)
        if at not in found or (fault.reason and not found[at].reason):
            found[at] = fault
    outer = {path[:end] for path, _ in found for end in range(len(path))}
    return [fault for (path, key), fault in found.items() if key or path not in outer]


def _locate(model: type[BaseModel], document: object, detail: ErrorDetails) -> _Fault:
    """Follow pydantic's location through the types: it includes union members, which no document has."""
    wanted: object = model
    parent, union, value = wanted, None, document
    path: list[Step] = []
    loc = list(detail["loc"])
    while loc:
        members = list_options(strip_annotation(wanted))
        if members is not None:
            member = next((each for each in members if _is_member_for(each, value)), None)
            union, wanted = wanted, member
            loc.pop(0)
            if member is None:
                break
            continue
        step = loc.pop(0)
        if step == _KEY:
            return _Fault(tuple(path), _KEY, get_args(strip_annotation(parent))[0], path[-1], _explain(detail))
        parent, wanted, value = wanted, _find_below(wanted, step), _find_child(value, step)
        union = None
        path.append(step)
    return _Fault(tuple(path), detail["type"], union or wanted, value, _explain(detail))


def _is_member_for(member: object, value: object) -> bool:
    """Whether a union member is the one meant by a list or a table."""
    return (isinstance(value, list) and is_list(member)) or (isinstance(value, dict) and is_table(member))


def _find_below(wanted: object, step: Step) -> object:
    """The type one step below; None if it is not known."""
    plain = strip_annotation(wanted)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return list_model_keys(plain).get(str(step))
    if is_list(plain) or is_table(plain):
        return get_args(plain)[0 if is_list(plain) else 1]
    return None


def _find_child(value: object, step: Step) -> object:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _explain(detail: ErrorDetails) -> str:
    """Why a value is invalid, if the check says more than the expected type."""
    context = detail.get("ctx", {})
    error = context.get("error")
    if isinstance(error, Unfit):
        return error.reason
    return f"is longer than {context['max_length']} characters" if detail["type"] == "string_too_long" else ""


def _find_model(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    wanted: object = model
    for step in path:
        wanted = _find_below(wanted, step)
    plain = strip_annotation(wanted)
    return plain if isinstance(plain, type) and issubclass(plain, BaseModel) else None


def _make_missing(prefix: Path, fault: _Fault) -> Refusal:
    return Refusal(
        fault.path, f"{write_key((*prefix, *fault.path))} is missing", f"required: {describe_expected(fault.wanted)}"
    )


def _make_bad_key(prefix: Path, fault: _Fault) -> Refusal:
    table = write_key((*prefix, *fault.path[:-1]))
    what = fault.reason or f"should be {describe_expected(fault.wanted)}"
    said = f"{table} has the key {quote(str(fault.value))}, which {what}"
    return Refusal(fault.path, said, should=f"it has a key that {what}")


def _make_wrong(prefix: Path, fault: _Fault) -> Refusal:
    path = (*prefix, *fault.path)
    shows = may_show(path, fault.value)
    key, should = write_key(path), _describe_expected(fault)
    if shows or not isinstance(fault.value, str):
        given = write_value(fault.value) if shows else describe_kind(fault.value)
        what = f"{key} is {given}, {f'which {fault.reason}' if fault.reason else f'should be {should}'}"
    else:
        what = f"{key} {fault.reason}" if fault.reason else f"{key} should be {should}"
    shown = isinstance(fault.value, str) and fault.value in fault.reason
    reason = f"it {fault.reason}" if fault.reason and not shown else f"it should be {should}"
    return Refusal(fault.path, what, _suggest_fix(fault, path) if shows else "", should=reason)


def _describe_expected(fault: _Fault) -> str:
    """For a list or a table only its kind, if that is wrong and the hint shows the rest."""
    if is_list(fault.wanted) and _show_as_list(fault):
        return "a list"
    return describe_expected(fault.wanted)


def _show_as_list(fault: _Fault) -> str:
    """The value as the only item of a list; "" if such a list cannot have it."""
    item = _find_below(fault.wanted, 0) if is_list(fault.wanted) else None
    kinds = {strip_annotation(each) for each in list_options(strip_annotation(item)) or (item,)}
    return f"[{write_value(fault.value)}]" if type(fault.value) in kinds and fault.value != "" else ""


def _suggest_fix(fault: _Fault, path: Path) -> str:
    """What to write instead, if that is certain enough."""
    value, wanted = fault.value, fault.wanted
    name = write_key(path[-1:]) if isinstance(path[-1], str) else ""
    if name and _show_as_list(fault):
        return f"write {name} = {_show_as_list(fault)}"
    if isinstance(value, str) and list_choices(wanted):
        near = find_nearest(value, list_choices(wanted))
        return f"did you mean {quote(near)}?" if near else ""
    if name and is_table(wanted) and path[:-1] and str(path[-1]) in _list_keys(wanted):
        return f"{write_key(path[:-1])} has tables by name, such as [{write_key((*path[:-1], 'NAME'))}]"
    if name and is_table(wanted):
        return (
            f"write [{write_key(path)}], not [[{write_key(path)}]]"
            if _are_tables(value)
            else f"it begins with [{write_key(path)}]"
        )
    meant = _convert(value, wanted) if name else None
    return f"write {name} = {write_value(meant)}" if meant is not None else ""


def _list_keys(wanted: object) -> Sequence[str]:
    plain = strip_annotation(wanted)
    return tuple(list_model_keys(plain)) if isinstance(plain, type) and issubclass(plain, BaseModel) else ()


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _convert(value: object, wanted: object) -> object:
    """The same value in the wanted type; None if it cannot be converted."""
    plain = strip_annotation(wanted)
    if plain is str and isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) and value[0]:
        return value[0]
    if describe_expected(wanted).startswith("text in quotes"):
        return str(write_value(value)) if isinstance(value, bool | int | float) else None
    if plain is bool and isinstance(value, str):
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(value.lower())
    if plain is int and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return None


_SAID = {_MISSING: _make_missing, _KEY: _make_bad_key}
"""Kind of pydantic's error → its message; any other kind means that the value does not fit its key."""
