"""Two inventories → what was added, removed, moved, renamed or changed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from qtctl.history.names import find_renamed, follow_names
from qtctl.model.evolution import Balance, Change, FieldChange, How
from qtctl.model.snapshot import Inventory, Row, RowKind, Rows

HOMES: Mapping[RowKind, tuple[str, ...]] = {
    RowKind.SERVICE: ("host", "runs_in"),
    RowKind.PORT: ("service",),
    RowKind.STREAM: ("store",),
    RowKind.KEY: ("store",),
    RowKind.VENV: ("path",),
}
"""The fields of a row that say where the thing is: if one differs, the thing has moved."""
Moved = Mapping[str, tuple[str, ...]]
"""Compose service → the services that the registry says took over from it."""


def compare(before: Inventory, after: Inventory, moved: Moved = MappingProxyType({})) -> tuple[Change, ...]:
    """By kind and name, for kinds that both have. What follows from a service's new name is not a change."""
    both = before.covers & after.covers
    services = pair_services(before, after, moved) if RowKind.SERVICE in both else {}
    return tuple(
        change
        for kind in RowKind
        if kind in both
        for change in _compare_kind(
            kind,
            follow_names(kind, before.of(kind), services),
            after,
            services if kind is RowKind.SERVICE else {},
            sparse=before.sparse,
        )
    )


def find_silent(before: Inventory, after: Inventory) -> tuple[RowKind, ...]:
    """The kinds that only one of the two has."""
    return tuple(kind for kind in RowKind if kind in before.covers ^ after.covers)


def weigh(before: Inventory, after: Inventory, changes: tuple[Change, ...]) -> tuple[Balance, ...]:
    """What was lost against what was gained, by kind. The counts add up to the rows of each side."""
    counted = Counter((each.kind, each.how) for each in changes)
    return tuple(
        _make_balance(kind, len(before.of(kind)), len(after.of(kind)), counted)
        for kind in RowKind
        if kind in before.covers & after.covers
    )


def _make_balance(kind: RowKind, was: int, now: int, counted: Mapping[tuple[RowKind, How], int]) -> Balance:
    lost, gained, unknown = (counted.get((kind, how), 0) for how in (How.REMOVED, How.ADDED, How.UNKNOWN))
    return Balance(kind, was, now, was - lost - unknown, lost, gained, unknown)


def pair_services(before: Inventory, after: Inventory, moved: Moved) -> dict[str, str]:
    """Services that were renamed: as the registry says, by their spelling, or by what they run."""
    then, now = before.of(RowKind.SERVICE), after.of(RowKind.SERVICE)
    gone = {name: row for name, row in then.items() if name not in now}
    new = {name: row for name, row in now.items() if name not in then}
    said = {name: moved[name][0] for name in gone if len(moved.get(name, ())) == 1}
    return find_renamed(RowKind.SERVICE, gone, new, said)


def _compare_kind(
    kind: RowKind, then: Rows, after: Inventory, services: Mapping[str, str], *, sparse: bool
) -> Iterator[Change]:
    now = after.of(kind)
    gone = {name: row for name, row in then.items() if name not in now}
    new = {name: row for name, row in now.items() if name not in then}
    renamed = services or find_renamed(kind, gone, new)
    taken = set(renamed.values())
    said = _find_common_fields(then, after, kind, sparse=sparse)
    found = [_describe_gone(kind, name, row, after) for name, row in gone.items() if name not in renamed]
    found += [
        Change(kind, How.ADDED, name, "", _compare_fields({}, row)) for name, row in new.items() if name not in taken
    ]
    found += [
        _describe_both(kind, to, name, _compare_fields(then[name], now[to], said)) for name, to in renamed.items()
    ]
    both = ((name, _compare_fields(row, now[name], said)) for name, row in then.items() if name in now)
    found += [_describe_both(kind, name, name, changed) for name, changed in both if changed]
    yield from sorted(found, key=lambda each: (each.name, each.before))


def _describe_gone(kind: RowKind, name: str, row: Row, after: Inventory) -> Change:
    """If the host was not searched, an undeclared thing that was only seen may still be there."""
    unseen = kind in after.partial and row.get("declared") in ("no", "undeclared")
    return Change(kind, How.UNKNOWN if unseen else How.REMOVED, name, name, _compare_fields(row, {}))


def _describe_both(kind: RowKind, name: str, before: str, changed: tuple[FieldChange, ...]) -> Change:
    """Also for a thing with a new name: that it moved is more important."""
    homes = HOMES.get(kind, ())
    moved = any(each.field in homes and each.before and each.after for each in changed)
    how = How.CHANGED if name == before else How.RENAMED
    return Change(kind, How.MOVED if moved else how, name, before, changed)


def _find_common_fields(then: Rows, after: Inventory, kind: RowKind, *, sparse: bool) -> frozenset[str] | None:
    """The fields that both sides have for things of this kind, if one has only some; None: everything is compared."""
    if not sparse and not after.sparse:
        return None
    before, now = ({field for row in rows.values() for field in row} for rows in (then, after.of(kind)))
    return frozenset(before & now)


def _compare_fields(before: Row, after: Row, said: frozenset[str] | None = None) -> tuple[FieldChange, ...]:
    names = dict.fromkeys((*before, *after))
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name) and (said is None or name in said)
    )
