"""Which key of a registry table sets which directive of systemd, as declared by the fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from qtctl.dialects.systemd.directives import EMPTY_SAYS, AssignmentRule, find_assignment_rule
from qtctl.model.fields import Node
from qtctl.model.registry import Registry
from qtctl.model.unit_kinds import UNIT_TABLES


class Form(StrEnum):
    """How a key holds the value of its directive."""

    TEXT = "text"
    """Text that is taken literally."""
    SETTING = "setting"
    """One value, written as systemd reads it."""
    SWITCH = "switch"
    NUMBER = "number"
    LINES = "lines"
    """A list; one assignment per item."""
    UNITS = "units"
    PATHS = "paths"
    """A list of paths, each perhaps after `-` or `+`."""
    MARKED = "marked"
    """One ordered list for several directives; each item begins with a word for its directive."""
    TABLE = "table"
    """Names and values."""


TEXTS = frozenset({"Description", "Documentation", "LogNamespace", "PIDFile", "StandardError", "StandardOutput"})
"""Directives in which systemd expands specifiers, but whose values in the model are plain text."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that sets a directive: `path` below the table of its entry; `annotation`: the type of its value."""

    path: tuple[str, ...]
    section: str
    directive: str
    form: Form
    annotation: object


def find_model(table: str) -> Any:  # noqa: ANN401 - a class with a SECTION, which not every Node has
    """The model of the entries of a table: `services` → Service."""
    return get_args(Registry.__dataclass_fields__[table].type)[1]


@lru_cache
def list_fields(kind: str) -> Mapping[tuple[str, str], Key]:
    """(section, directive) → its key, for one table of a registry: services, timers, sockets …"""
    model = find_model(kind)
    return {(key.section, key.directive): key for key in _list_keys(model, model.SECTION)}


KINDS = (*UNIT_TABLES, "dropins")
"""The tables that make units, or parts of them."""


@lru_cache
def map_key_paths() -> Mapping[str, tuple[str, ...]]:
    """Directive → the key for it, from the first table type that has it."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in KINDS:
        for key in list_fields(kind).values():
            found.setdefault(key.directive, key.path)
    return {**found, "ExecStart": ("run",), "EnvironmentFile": ("secrets", "env_file")}


@cache
def list_directives(model: type[Node], section: str) -> tuple[tuple[str, str], ...]:
    """The keys of a table for this section ("" for the table's own), each with its directive."""
    spoken = ((name, *read_said(field)) for name, field in model.model_fields.items())
    return tuple((name, directive) for name, directive, own in spoken if directive and own == section)


def read_said(field: FieldInfo) -> tuple[str, str]:
    """The directive and section of a field; "" if it sets none."""
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        return "", ""
    return str(extra.get("directive", "")), str(extra.get("section", ""))


def list_assignments(directive: str, value: object) -> tuple[tuple[str, str], ...]:
    """(directive, text) for each assignment in a key's value; empty if it has none."""
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return tuple((directive, f"{name}:{text}") for name, text in value.items())
    if isinstance(value, tuple | list):
        # An empty list that was written is an empty assignment, for example: no capabilities at all.
        return tuple((directive, _format_text(each)) for each in value or ([""] if directive in EMPTY_SAYS else ()))
    return ((directive, _format_text(value)),)


def _format_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _list_keys(model: type[Node], section: str, path: tuple[str, ...] = ()) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        for one in getattr(model, "MARKED", {}).get(name, {}).values():
            yield Key((*path, name), section, one, Form.MARKED, field.annotation)
        directive, own = read_said(field)
        if directive:
            form = _find_form(directive, field.annotation)
            yield Key((*path, name), own or section, directive, form, field.annotation)
            continue
        for table in _list_tables(field.annotation):
            yield from _list_keys(table, getattr(table, "SECTION", section), (*path, name))


def _list_tables(annotation: object) -> list[type[Node]]:
    return [each for each in _list_options(annotation) if isinstance(each, type) and issubclass(each, Node)]


def _list_options(annotation: object) -> tuple[object, ...]:
    if get_origin(annotation) is Annotated:
        return _list_options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(option for each in get_args(annotation) for option in _list_options(each))
    return (annotation,)


_LISTS = {
    AssignmentRule.UNITS: Form.UNITS,
    AssignmentRule.INSTALL: Form.UNITS,
    AssignmentRule.PATHS: Form.PATHS,
    AssignmentRule.MOUNTS: Form.PATHS,
    AssignmentRule.TUPLES: Form.PATHS,
}


def _find_form(directive: str, annotation: object) -> Form:
    options = _list_options(annotation)
    if any(get_origin(each) in (dict, Mapping) for each in options):
        return Form.TABLE
    if any(get_origin(each) is tuple for each in options):
        return _LISTS.get(find_assignment_rule(directive), Form.LINES)
    if bool in options:
        return Form.SWITCH
    if int in options:
        return Form.NUMBER
    return Form.TEXT if directive in TEXTS else Form.SETTING
