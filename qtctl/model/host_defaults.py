"""Defaults of hosts: `["*"]` for all, `["@web"]` for those with a tag → the table that each host has in the end.

Tables are as in hosts.toml: they may hold anything, as they have not been checked yet.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from qtctl.dialects.endpoints import TAG_SIGN
from qtctl.model.host_values import list_leaves
from qtctl.model.origin import Origin

if TYPE_CHECKING:
    from qtctl.model.desired import Desired
    from qtctl.model.registry import Registry

Path = tuple[str, ...]
Table = Mapping[str, Any]

EVERY = "*"
"""The table whose values all hosts have unless something else gives them others."""
FILE = "hosts.toml"
_GUESSED = "guessed"


def is_default_table(name: str) -> bool:
    """Whether a table of hosts.toml holds defaults and is not a host."""
    return name == EVERY or name.startswith(TAG_SIGN)


class HostTables:
    """The tables of defaults of hosts.toml, applied to one host after the other. `keys`: those that they may have."""

    def __init__(self, tables: Mapping[str, object], keys: frozenset[str]) -> None:
        self._tables: dict[str, Table] = {name: each if isinstance(each, dict) else {} for name, each in tables.items()}
        self._keys = keys
        self._merged: dict[tuple[str, ...], tuple[Table, dict[Path, str]]] = {}
        self._shared: dict[object, dict[Path, str]] = {}

    def list_applied(self, host: Table) -> tuple[str, ...]:
        """The names of the tables that apply to a host, the strongest last: all hosts, then its tags by name."""
        tags = host.get("tags")
        named = {f"{TAG_SIGN}{tag}" for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()
        return (*(each for each in (EVERY,) if each in self._tables), *sorted(named & self._tables.keys()))

    def complete(self, host: Table) -> tuple[Table, Mapping[Path, str]]:
        """The host's table with the defaults in it, and of each value that is one, the table that it comes from."""
        applied = self.list_applied(host)
        if not applied:
            return host, {}
        if applied not in self._merged:
            self._merged[applied] = self._merge_tables(applied)
        defaults, sources = self._merged[applied]
        found = merge_tables(defaults, host)
        if guessed := self._list_guessed(applied, host):
            found[_GUESSED] = guessed
        own = frozenset(path for path, _ in _list_leaves(host))
        above = frozenset(path[:end] for path in own for end in range(1, len(path) + 1))
        left = {path: name for path, name in sources.items() if path not in above and not _is_below(path, own)}
        if guessed and _GUESSED not in host:
            left[_GUESSED,] = next(name for name in reversed(applied) if self._read_guessed(name))
        return found, self._shared.setdefault(tuple(left.items()), left)

    def _merge_tables(self, applied: tuple[str, ...]) -> tuple[Table, dict[Path, str]]:
        merged: dict[str, Any] = {}
        sources: dict[Path, str] = {}
        for name in applied:
            told = {key: value for key, value in self._tables[name].items() if key in self._keys and key != _GUESSED}
            merged = merge_tables(merged, told)
            sources |= {path: name for path, _ in _list_leaves(told)}
        return merged, sources

    def _list_guessed(self, applied: tuple[str, ...], host: Table) -> list[Any]:
        """The keys whose value in force is a guess that nobody has checked. Each table says that about its own values.
        If several tags have a key, it counts as checked once one of them does not call it a guess.
        """
        own = host.get(_GUESSED, [])
        if not isinstance(own, list):
            return []
        found, known = [*own], {*host, *filter(_is_text, own)}
        for level in ([each for each in applied if each != EVERY], [each for each in applied if each == EVERY]):
            guesses = [[each for each in self._read_guessed(name) if _is_text(each)] for name in level]
            told = {key for name in level for key in self._tables[name] if key not in self._read_guessed(name)}
            fresh = dict.fromkeys(each for guessed in guesses for each in guessed)
            found += [each for each in fresh if each not in known and each not in told]
            known |= told | fresh.keys()
        return found

    def _read_guessed(self, name: str) -> list[Any]:
        guessed = self._tables[name].get(_GUESSED, [])
        return guessed if isinstance(guessed, list) else []


def merge_tables(old: Table, new: Table) -> dict[str, Any]:
    """`new` over `old`: tables key by key, anything else takes the place of what was there."""
    return {**old, **{key: _merge(old.get(key), value) for key, value in new.items()}}


def locate_host_key(registry: "Registry", host: str, *path: str) -> Origin:
    """Where the value of a host is written: in its own table, or in one of defaults."""
    defaults = registry.defaulted.get(host, {})
    below = [name for each, name in defaults.items() if each[: len(path)] == path]
    written = sum(each[: len(path)] == path for each, _ in list_leaves(registry.hosts[host])) if below else 0
    return Origin(FILE, (below[-1] if below and len(below) >= written else host, *path))


def list_host_tables(registry: "Registry", host: str) -> tuple[tuple[str, str], ...]:
    """Key → the table of defaults that its value comes from; none for a key that the host itself sets in part."""
    keys = dict.fromkeys(path[0] for path in registry.defaulted.get(host, {}))
    located = ((key, locate_host_key(registry, host, key).path[0]) for key in keys)
    return tuple((key, table) for key, table in located if table != host)


def locate_desired_key(desired: "Desired", key: str) -> Origin:
    """As `locate_host_key`, of what one host must have."""
    return Origin(FILE, (dict(desired.host_tables).get(key, desired.host), key))


def _merge(old: object, new: object) -> object:
    return merge_tables(old, new) if isinstance(old, dict) and isinstance(new, dict) else new


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_below(path: Path, leaves: frozenset[Path]) -> bool:
    return any(path[:end] in leaves for end in range(1, len(path)))


def _list_leaves(table: Table, path: Path = ()) -> Iterator[tuple[Path, object]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _list_leaves(value, (*path, key))
        else:
            yield (*path, key), value
