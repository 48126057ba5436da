"""The public surface of `qtctl.api` as data. `python -m tests.api.surface` keeps that of a new API_VERSION."""

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typing_extensions import TypeAliasType

from qtctl.api.errors import InputErrors
from qtctl.api.version import API_VERSION

KEPT = Path(__file__).parent / "kept"
MODULES = ("registry", "lint", "evidence", "audit", "fleet", "plan", "deploy", "rollback")
"""Modules of qtctl.api whose functions are frozen, in the order in which the page shows them."""
TYPES = ("values", "errors", "handles")
STANDARD = {"builtins", "collections.abc", "concurrent.futures._base", "pathlib", "typing"}

Entry: TypeAlias = dict[str, Any]
Surface: TypeAlias = dict[str, Entry]
"""Name, as `audit.judge` or `values.Finding` → what it is: see `describe_function` and `describe_class`."""


def load(module: str) -> ModuleType:
    return import_module(f"qtctl.api.{module}")


def read_surface() -> Surface:
    """Everything that programs may rely on, by name."""
    found: Surface = {}
    for module in MODULES:
        for name in load(module).__all__:
            each = getattr(load(module), name)
            found[f"{module}.{name}"] = describe_class(each) if inspect.isclass(each) else describe_function(each)
    for module in TYPES:
        for name in load(module).__all__:
            is_handle = module == "handles"
            found[f"{module}.{name}"] = {"kind": "handle"} if is_handle else describe_class(getattr(load(module), name))
    return found


def list_exported() -> set[type]:
    """The classes that programs may name."""
    every = (getattr(load(module), name) for module in (*MODULES, *TYPES) for name in load(module).__all__)
    return {each for each in every if inspect.isclass(each)}


def describe_function(function: Callable[..., Any]) -> Entry:
    """`parameters` without those that have a default and an internal type: they are for qtctl itself."""
    hints = get_type_hints(function)
    parameters = [each for each in inspect.signature(function).parameters.values() if each.name not in ("self", "cls")]
    return {
        "kind": "function",
        "parameters": [
            {
                "name": f"{'*' if each.kind is each.VAR_POSITIONAL else ''}{each.name}",
                "type": name_type(hints[each.name]),
                "by_name": each.kind is each.KEYWORD_ONLY,
                "needed": each.default is each.empty,
            }
            for each in parameters
            if each.default is each.empty or not list_internal(hints[each.name])
        ],
        "returns": name_type(hints["return"]),
    }


def describe_class(kind: type) -> Entry:
    if issubclass(kind, Enum):
        return {"kind": "enum", "members": {each.name: each.value for each in kind}, **_describe_methods(kind)}
    if issubclass(kind, Exception):
        bases = [each.__name__ for each in kind.__mro__[1:] if each is not object and each is not BaseException]
        attributes = sorted(vars(kind(() if kind is InputErrors else "")))
        return {"kind": "error", "bases": bases, "attributes": attributes, **_describe_methods(kind)}
    return {"kind": "value", "fields": [*_list_fields(kind)], **_describe_methods(kind)}


def _list_fields(kind: type) -> Iterator[Entry]:
    """Those with an internal type are left out."""
    hints = get_type_hints(kind)
    for name, by_name, needed in _list_own_fields(kind):
        if not list_internal(hints[name]):
            yield {"name": name, "type": name_type(hints[name]), "by_name": by_name, "needed": needed}


def _list_own_fields(kind: type) -> Iterator[tuple[str, bool, bool]]:
    if is_dataclass(kind):
        yield from ((each.name, bool(each.kw_only), _is_needed(each)) for each in fields(kind))
    elif issubclass(kind, BaseModel):
        yield from ((name, True, each.is_required()) for name, each in kind.model_fields.items())
    elif issubclass(kind, tuple):
        yield from ((name, False, True) for name in kind._fields)  # type: ignore[attr-defined]


def _is_needed(each: "Field[Any]") -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _describe_methods(kind: type) -> Entry:
    """Properties and methods of its own, without those of pydantic and those with internal types."""
    properties: dict[str, str] = {}
    methods: dict[str, Entry] = {}
    for name, each in vars(kind).items():
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(each, property) and each.fget is not None:
            hint = get_type_hints(each.fget)["return"]
            properties |= {} if list_internal(hint) else {name: name_type(hint)}
        elif issubclass(kind, BaseModel):
            continue
        elif inspect.isfunction(each) and not any(map(list_internal, get_type_hints(each).values())):
            methods[name] = describe_function(each)
    return {"properties": properties, "methods": methods}


def name_type(hint: Any) -> str:
    """As it is written where everything is imported: `tuple[Finding, ...]`, whatever module a class is in."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is NoneType or hint is None:
        return "None"
    if hint is Ellipsis:
        return "..."
    if isinstance(hint, list):
        return f"[{', '.join(map(name_type, hint))}]"
    if origin in (Union, UnionType):
        return " | ".join(map(name_type, arguments))
    name = str(getattr(origin or hint, "__name__", origin or hint))
    return f"{name}[{', '.join(map(name_type, arguments))}]" if arguments else name


def list_internal(hint: Any) -> set[str]:
    """The classes in it that programs may not name."""
    parts = [hint] if inspect.isclass(hint) and not get_args(hint) else []
    for each in (get_origin(hint), *get_args(hint)):
        if isinstance(each, list):
            parts += each
        elif each is not None:
            parts.append(each)
    found = {each.__name__ for each in parts if inspect.isclass(each) and not _is_public(each)}
    return found.union(*(list_internal(each) for each in parts if get_args(each)))


def _is_public(kind: type) -> bool:
    return kind in list_exported() or kind.__module__ in STANDARD or kind in (NoneType, UnionType, TypeAliasType)


def compare(kept: Surface, now: Surface) -> tuple[list[str], list[str]]:
    """What breaks programs, and what is new for them."""
    breaks = [f"{name} is gone" for name in kept if name not in now]
    news = [f"{name} is new" for name in now if name not in kept]
    for name in kept.keys() & now.keys():
        old, new = kept[name], now[name]
        if old["kind"] != new["kind"]:
            breaks.append(f"{name} is a {new['kind']}, and was a {old['kind']}")
            continue
        for broken, what in _compare_entries(name, old, new):
            (breaks if broken else news).append(what)
    return sorted(breaks), sorted(news)


def _compare_entries(name: str, old: Entry, new: Entry) -> Iterator[tuple[bool, str]]:
    if old["kind"] == "function":
        yield from _compare_rows(name, "parameter", old["parameters"], new["parameters"])
        if old["returns"] != new["returns"]:
            yield True, f"{name} returns {new['returns']}, and returned {old['returns']}"
        return
    yield from _compare_rows(name, "field", old.get("fields", []), new.get("fields", []))
    for group in ("members", "properties"):
        yield from _compare_names(name, old.get(group, {}), new.get(group, {}))
    attributes = [dict.fromkeys(each.get("attributes", []), "") for each in (old, new)]
    yield from _compare_names(name, *attributes)
    methods, others = old.get("methods", {}), new.get("methods", {})
    yield from _compare_names(name, dict.fromkeys(methods, ""), dict.fromkeys(others, ""))
    for each in methods.keys() & others.keys():
        yield from _compare_entries(f"{name}.{each}", methods[each], others[each])
    if missing := [each for each in old.get("bases", []) if each not in new.get("bases", [])]:
        yield True, f"{name} is no {missing[0]} any more"


def _compare_names(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    yield from ((True, f"{name}.{each} is gone") for each in old if each not in new)
    yield from ((False, f"{name}.{each} is new") for each in new if each not in old)
    yield from (
        (True, f"{name}.{each} is {new[each]!r}, and was {old[each]!r}")
        for each in old
        if each in new and old[each] != new[each]
    )


def _compare_rows(name: str, what: str, old: list[Entry], new: list[Entry]) -> Iterator[tuple[bool, str]]:
    """Parameters of a function or fields of a value. Programs pass the first ones by position."""
    before, after = ({row["name"]: row for row in rows} for rows in (old, new))
    yield from ((True, f"{name}: {what} {each} is gone") for each in before if each not in after)
    for each in before.keys() & after.keys():
        one, other = before[each], after[each]
        if one["type"] != other["type"]:
            yield True, f"{name}: {what} {each} is {other['type']}, and was {one['type']}"
        if other["by_name"] and not one["by_name"]:
            yield True, f"{name}: {what} {each} can only be named now"
        if other["needed"] and not one["needed"]:
            yield True, f"{name}: {what} {each} has no default any more"
    placed = [[row["name"] for row in rows if not row["by_name"]] for rows in (old, new)]
    if placed[1][: len(placed[0])] != placed[0] and {*placed[0]} <= {*placed[1]}:
        yield True, f"{name}: the order of its {what}s changed"
    for each in after.keys() - before.keys():
        needed = after[each]["needed"]
        yield needed, f"{name}: {what} {each} is new" + (", and has no default" if needed else "")


def read_kept(version: str) -> Surface:
    found: Surface = json.loads((KEPT / f"{version}.json").read_text())
    return found


def main() -> None:
    path = KEPT / f"{API_VERSION}.json"
    if path.exists():
        raise SystemExit(f"{path} is kept: change API_VERSION in qtctl/api/version.py first")
    path.write_text(json.dumps(read_surface(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
