"""Two states of a unit, as deployed and as on the host → the edits of its registry table that express the difference.

Both are turned into tables as in an adoption, so every directive gets the key that an adoption would use. The caller
proves the result of an edit by rendering the registry again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from qtctl.adopt.assignments import At
from qtctl.adopt.classify_files import classify
from qtctl.adopt.compare import Values, is_size, read_values
from qtctl.adopt.entry import Table
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.merged_units import Original, Selection, merge_units
from qtctl.adopt.plan import plan
from qtctl.adopt.suspect import list_suspects
from qtctl.adopt.tables import Made, make_table
from qtctl.dialects.systemd.size import format_bytes
from qtctl.model.adoption import Found
from qtctl.model.drift import Edit
from qtctl.model.key_values import read_raw
from qtctl.model.origin import Origin

Path = tuple[str, ...]
_NOT_SAID = ("notes", "state", "enabled", "instance", "instances", "unit", "name")
"""Keys of a table that set no directive."""
_ENVIRONMENT, _USER = ("Service", "Environment"), ("Service", "User")


@dataclass(frozen=True, slots=True)
class Naming:
    """The registry's names for its units (whole name → its own) and its venvs (path → name)."""

    fleet: str
    names: Mapping[str, str]
    short: Mapping[str, str]
    venvs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """The units of one state that systemd loads. `refused`: those that it does not load, and the file at fault."""

    made: Mapping[str, Made]
    refused: Mapping[str, str]

    def map_values(self, unit: str) -> Values:
        """(section, directive) → the values in force, without secrets."""
        made = self.made[unit]
        found = read_values(made.original.merged, unit, resets=made.original.foreign)
        return {at: values for at, values in found.items() if not at[0].startswith("X-") and not at[1].startswith("X-")}


def read_side(found: Iterable[Found], naming: Naming, version: int, known: frozenset[str] = frozenset()) -> Side:
    """`found`: unit files and drop-ins. `known`: secrets seen elsewhere."""
    ledger = Ledger()
    originals = merge_units(classify(found), Selection(version), ledger)
    ledger.keep(known | frozenset(_list_secrets(originals.units)))
    planned = replace(plan(originals, naming.fleet, {}), names=naming.names, short=naming.short, venvs=naming.venvs)
    made, refused = {}, {}
    for each in originals.units:
        if each.masked:
            continue
        table = None if each.refused else make_table(each, planned, ledger)
        if table is None:
            refused[each.unit] = each.path
        else:
            made[each.unit] = table
    return Side(made, refused)


def _list_secrets(units: Iterable[Original]) -> Iterator[str]:
    for each in units:
        for said in (*(one for those in each.merged.held.values() for one in those), *each.merged.replaced):
            yield from list_suspects(said.key, said.value)


def list_hidden_names(made: Made, at: At) -> tuple[str, ...] | None:
    """The names of the secrets in a directive ('' for one without a name); None if it has none."""
    names = tuple(name for said, name in made.hidden.lines if (said.section, said.key) == at)
    return names or None


def hide_values(made: Made, at: At, values: tuple[object, ...]) -> tuple[object, ...] | None:
    """For Environment= the variables that may be copied; None for any other directive that holds a secret."""
    names = list_hidden_names(made, at)
    if names is None:
        return values
    if at != _ENVIRONMENT:
        return None
    return tuple(each for each in values if not (isinstance(each, tuple) and each[0] in names))


def list_sources(made: Made, at: At) -> tuple[str, ...]:
    """The files that set a directive."""
    return tuple(dict.fromkeys(each.path for each in made.original.merged.held.get(at, ())))


def list_candidates(base: Made, host: Made, at: At, origin: Origin, table: Table) -> Iterator[tuple[Edit, ...]]:
    """Ways to express a directive as on the host, the most natural first. `table`: of the registry, as it is now.

    `systemctl set-property` writes a size in bytes; here it is written as people do.
    """
    for edits in _list_candidates(base, host, at, origin, table):
        yield tuple(replace(each, value=_write_size(each.value)) for each in edits) if is_size(at) else edits


def _write_size(value: Any) -> Any:  # noqa: ANN401 - whatever TOML can say
    return format_bytes(int(value)) if isinstance(value, str) and value.isdecimal() else value


def _list_candidates(base: Made, host: Made, at: At, origin: Origin, table: Table) -> Iterator[tuple[Edit, ...]]:
    paths = sorted(_list_paths(base, at) | _list_paths(host, at))
    yield _make_edits(origin, (_list_leaf_changes(base.table, host.table, table, path) for path in paths))
    if at == _USER:
        # The default group is the user's.
        group = host.original.merged.last("Service", "Group")
        yield (
            Edit(origin.file, (*origin.path, "user"), host.table.get("user")),
            Edit(origin.file, (*origin.path, "group"), group),
        )
    yield _make_edits(origin, (((path, _get(host.table, path)),) for path in paths))
    if list_hidden_names(host, at) is None:
        lines = tuple(each.value for each in host.original.merged.held.get(at, ()))
        raw = Edit(origin.file, (*origin.path, "systemd", *at), read_raw(lines) if lines else "")
        yield (raw,)
        gone = tuple(Edit(origin.file, (*origin.path, *path), None) for path in paths if _has_path(table, path))
        if gone:
            yield (*gone, raw)


def _make_edits(origin: Origin, changes: Iterable[Iterable[tuple[Path, Any]]]) -> tuple[Edit, ...]:
    return tuple(
        Edit(origin.file, (*origin.path, *path), value) for each in changes for path, value in dict(each).items()
    )


def _list_paths(made: Made, at: At) -> set[Path]:
    """The keys of a table that set a directive."""
    found = set(made.entry.said_by(at))
    if at[0] == "Install":
        found |= {("target",), *(("install", key) for key in made.table.get("install", {}))}
    return {path for path in found if path[0] not in _NOT_SAID}


def _list_leaf_changes(base: Table, host: Table, now: Table, path: Path) -> Iterator[tuple[Path, Any]]:
    """The differences between two tables at and below a path."""
    before, after = _get(base, path), _get(host, path)
    if before == after:
        return
    if isinstance(after, dict) and (before is None or isinstance(before, dict)):
        for key in sorted({*after, *(before or {})}):
            yield from _list_leaf_changes(base, host, now, (*path, key))
        return
    there = _get(now, path)
    if isinstance(after, list) and isinstance(before, list) and isinstance(there, list) and there != before:
        yield path, _merge_lists(before, after, there)
    elif isinstance(after, list) and before is None and isinstance(there, list):
        yield path, _merge_lists([], after, there)
    elif isinstance(before, list) and isinstance(after, list) and there is None:
        yield path, [each for each in after if each not in before] or None
    elif after is not None or there is not None:
        yield path, after


def _merge_lists(before: list[Any], after: list[Any], there: list[Any]) -> list[Any]:
    """`there` plus what was added to a list, without what was removed from it."""
    kept = [each for each in there if each in after or each not in before]
    return [*kept, *(each for each in after if each not in before and each not in kept)]


def _get(table: Table, path: Path) -> Any:  # noqa: ANN401 - whatever TOML can say
    node: Any = table
    for key in path:
        if not isinstance(node, dict) or key not in node:
            return None
        node = node[key]
    return node


def _has_path(table: Table, path: Path) -> bool:
    return _get(table, path) is not None
