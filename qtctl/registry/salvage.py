"""What can still be judged in a registry with errors: a consistent one, and which of its parts are incomplete."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from qtctl.model.origin import Origin
from qtctl.model.policy import Policy
from qtctl.model.registry import Registry
from qtctl.registry.check import check
from qtctl.rules.problem import Problem

Path = tuple[str, ...]
Entry = tuple[str, str]
"""Table and name."""

FLEET: Entry = ("fleet", "")
"""fleet.toml, on which every unit depends."""
_ROUNDS = 10
_PLACES = "hosts"
"""Without its list of hosts, an entry would be on every host."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """`unsure`: entries that were not read completely, or from which unknown names were removed."""

    registry: Registry
    unsure: frozenset[Entry]


def salvage(registry: Registry, damaged: Iterable[Origin]) -> Salvaged | None:
    """Remove whatever has an error until no error is left; None if that does not end. `damaged`: entries."""
    owners = {(origin.file, origin.path): entry for entry, origin in registry.origins.items()}
    unsure = {_find_owner(owners, origin) for origin in damaged}
    reset: set[tuple[Entry, Path, str]] = set()
    for _ in range(_ROUNDS):
        problems = check(registry)
        if not problems:
            return Salvaged(registry, frozenset(unsure))
        for problem in problems:
            entry = _find_owner(owners, problem.origin)
            path = _find_path_below(registry, entry, problem.origin)
            again = (entry, path, problem.name) in reset
            registry = _take_out(registry, entry, () if again else path, problem)
            reset.add((entry, path, problem.name))
            unsure.add(entry)
    return None


def _find_owner(owners: Mapping[tuple[str, Path], Entry], origin: Origin) -> Entry:
    """The entry that an origin belongs to; for a whole file its own name."""
    for path in ((), origin.path[:1]):
        if (origin.file, path) in owners:
            return owners[origin.file, path]
    return (origin.file.removesuffix(".toml"), "")


def _find_path_below(registry: Registry, entry: Entry, origin: Origin) -> Path:
    own = registry.origins.get(entry)
    return origin.path[len(own.path) :] if own else origin.path


def _take_out(registry: Registry, entry: Entry, path: Path, problem: Problem) -> Registry:
    """The registry without the problem: without the name, the key, or the whole entry."""
    table, name = entry
    if entry == FLEET:
        fleet = _reset(registry.fleet, path, problem.name)
        return registry if fleet is None else replace(registry, fleet=fleet)
    if table == "policy":
        return replace(registry, policy=Policy())
    if (table, name) not in registry.origins:
        return replace(registry, legacy=())
    entries: dict[str, Any] = dict(getattr(registry, table))
    node = entries.pop(name, None)
    kept = _reset(node, path, problem.name) if node is not None and _PLACES not in path else None
    if kept is not None:
        entries = {each: kept if each == name else old for each, old in getattr(registry, table).items()}
    tables: dict[str, Any] = {table: entries}
    return replace(registry, **tables)


def _reset(node: Any, path: Path, name: str) -> Any:  # noqa: ANN401 - a table of any kind, or a part of one
    """The table without a name in a list or table, or without a key; None if the key is required."""
    if not path:
        return None
    key, rest = path[0], path[1:]
    value = _find_child(node, key)
    if value is None:
        return None
    if rest:
        inner = _reset(value, rest, name)
        return _drop_default(node, key) if inner is None else _replace_child(node, key, inner)
    if isinstance(value, tuple) and name in value:
        return _replace_child(node, key, tuple(each for each in value if each != name))
    if isinstance(value, dict) and name in value:
        return _replace_child(node, key, {each: kept for each, kept in value.items() if each != name})
    return _drop_default(node, key)


def _find_child(node: object, key: str) -> object:
    return node.get(key) if isinstance(node, dict) else getattr(node, key, None)


def _replace_child(node: Any, key: str, value: object) -> Any:  # noqa: ANN401 - see _reset
    return {**node, key: value} if isinstance(node, dict) else node.model_copy(update={key: value})


def _drop_default(node: object, key: str) -> object:
    if isinstance(node, dict):
        return {each: value for each, value in node.items() if each != key}
    field = type(node).model_fields.get(key) if isinstance(node, BaseModel) else None
    if field is None or field.is_required():
        return None
    return _replace_child(node, key, field.get_default(call_default_factory=True))
