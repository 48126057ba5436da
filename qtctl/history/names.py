"""Find what was renamed: only if two things are like each other, and like nothing else."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from qtctl.model.snapshot import Row, RowKind, Rows, Scalar

_LIKENESS: Mapping[RowKind, tuple[str, ...]] = {
    RowKind.SERVICE: ("module", "entry_point", "program"),
    RowKind.VENV: ("path",),
    RowKind.STREAM: ("publishers", "groups"),
}
"""The fields by which a thing is recognized, the surest first."""
_SHARED_PROGRAM = re.compile(r"(?:^|/)(?:python[0-9.]*|node|sh|bash|env|java|ruby|perl|true|sleep)$")
"""Programs that run many services identify none of them."""
_NAMERS: Mapping[RowKind, tuple[str, ...]] = {
    RowKind.PORT: ("service",),
    RowKind.STREAM: ("publishers",),
    RowKind.KEY: ("writers",),
    RowKind.VENV: ("used_by",),
    RowKind.LIMIT: ("service",),
    RowKind.FLOW: ("from", "to"),
}
"""The fields of other rows that name services."""
_BETWEEN = ", "
_NOBODY: Mapping[str, str] = MappingProxyType({})


def find_renamed(kind: RowKind, gone: Rows, new: Rows, said: Mapping[str, str] = _NOBODY) -> dict[str, str]:
    """Earlier name → current one. `said`: what a registry says about it, which wins over any likeness."""
    shared = Counter(said.values())
    found = {name: to for name, to in said.items() if shared[to] == 1 and name in gone and to in new}
    if kind in (RowKind.FINDING, RowKind.FILE, RowKind.PORT, RowKind.VERSION):
        return found
    found |= _pair({name: _spell(name) for name in gone if name not in found}, _map_names(new, found))
    if kind is RowKind.SERVICE:
        found |= _pair_prefixed(_list_left(gone, found), _list_left(new, found.values()))
    for field in _LIKENESS.get(kind, ()):
        then = {name: _get_value(row, field) for name, row in _list_left(gone, found).items()}
        found |= _pair(then, {name: _get_value(row, field) for name, row in _list_left(new, found.values()).items()})
    return found


def follow_names(kind: RowKind, rows: Rows, renamed: Mapping[str, str]) -> Rows:
    """Rows of a kind, as if their services had always had their current names."""
    fields = _NAMERS.get(kind, ())
    if not renamed or not fields:
        return rows
    found: dict[str, Row] = {}
    for name, row in rows.items():
        changed = (
            row | {key: _follow(row[key], renamed) for key in fields if key in row} if isinstance(row, dict) else row
        )
        found[_name_of(kind, name, row, changed)] = changed
    return found


def _follow(value: Scalar, renamed: Mapping[str, str]) -> Scalar:
    if not isinstance(value, str):
        return value
    return _BETWEEN.join(sorted(renamed.get(each, each) for each in value.split(_BETWEEN)))


def _name_of(kind: RowKind, name: str, row: Row, changed: Row) -> str:
    if kind is RowKind.LIMIT:
        return f"{changed.get('service')}{name.removeprefix(str(row.get('service')))}"
    if kind is RowKind.FLOW:
        return f"{changed.get('from')} → {changed.get('stream')} → {changed.get('to')}"
    return name


def _list_left(rows: Rows, but: Iterable[str]) -> dict[str, Row]:
    taken = set(but)
    return {name: row for name, row in rows.items() if name not in taken}


def _map_names(new: Rows, found: Mapping[str, str]) -> dict[str, str]:
    return {name: _spell(name) for name in _list_left(new, found.values())}


def _pair(gone: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    then, now = Counter(gone.values()), Counter(new.values())
    by_likeness = {likeness: name for name, likeness in new.items()}
    return {
        name: by_likeness[likeness]
        for name, likeness in gone.items()
        if likeness and then[likeness] == now[likeness] == 1
    }


def _pair_prefixed(gone: Rows, new: Rows) -> dict[str, str]:
    """A service that moved out of a container, where its name got the fleet's prefix: ai-engine, quantum-ai-engine."""
    candidates: dict[str, list[str]] = {}
    ends: dict[str, list[str]] = {}
    for name in new:
        spelled = _spell(name)
        for at in (index for index, letter in enumerate(spelled) if letter == "-"):
            ends.setdefault(spelled[at + 1 :], []).append(name)
    for name, row in gone.items():
        for to in ends.get(_spell(name), ()):
            if row.get("runs_in") != new[to].get("runs_in"):
                candidates.setdefault(name, []).append(to)
    claimed = Counter(to for those in candidates.values() for to in those)
    return {name: those[0] for name, those in candidates.items() if len(those) == 1 and claimed[those[0]] == 1}


def _spell(name: str) -> str:
    """A name without differences in spelling: exposure_balancer and exposure-balancer."""
    return name.lower().replace("_", "-")


def _get_value(row: Row, field: str) -> str:
    value = str(row.get(field) or "")
    return "" if _SHARED_PROGRAM.search(value) else value
