"""Two inventories → what was added, removed, moved, renamed or changed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from qtctl.history.names import find_renamed, follow_names
from qtctl.model.evolution import Balance, Change, FieldChange, How
from qtctl.model.snapshot import Inventory, Row, RowKind, Rows

HOMES: Mapping[RowKind, str] = {
    RowKind.SERVICE: "host",
    RowKind.PORT: "service",
    RowKind.STREAM: "store",
    RowKind.KEY: "store",
    RowKind.VENV: "path",
}
"""The field of a row that says where the thing is: where it differs, the thing has moved."""
Moved = Mapping[str, tuple[str, ...]]
"""Compose service → the services that the registry says took over from it."""


def compare(before: Inventory, after: Inventory, moved: Moved = MappingProxyType({})) -> tuple[Change, ...]:
    """By kind and name, of kinds that both speak of. What follows from a service's new name is no change."""
    both = before.covers & after.covers
    services = pair_services(before, after, moved) if RowKind.SERVICE in both else {}
    return tuple(
        change
        for kind in RowKind
        if kind in both
        for change in _compare_kind(
            kind, follow_names(kind, before.of(kind), services), after, services if kind is RowKind.SERVICE else {}
        )
    )


def find_silent(before: Inventory, after: Inventory) -> tuple[RowKind, ...]:
    """The kinds that one of the two does not speak of, and the other does."""
    return tuple(kind for kind in RowKind if kind in before.covers ^ after.covers)


def weigh(before: Inventory, after: Inventory, changes: tuple[Change, ...]) -> tuple[Balance, ...]:
    """What was lost against what was gained, by kind. The counts add up to the rows of each side."""
    counted = Counter((each.kind, each.how) for each in changes)
    return tuple(
        _balance(kind, len(before.of(kind)), len(after.of(kind)), counted)
        for kind in RowKind
        if kind in before.covers & after.covers
    )


def _balance(kind: RowKind, was: int, now: int, counted: Mapping[tuple[RowKind, How], int]) -> Balance:
    lost, gained, unknown = (counted.get((kind, how), 0) for how in (How.REMOVED, How.ADDED, How.UNKNOWN))
    return Balance(kind, was, now, was - lost - unknown, lost, gained, unknown)


def pair_services(before: Inventory, after: Inventory, moved: Moved) -> dict[str, str]:
    """Services that go by another name now: as the registry says, by their spelling, or by what they run."""
    then, now = before.of(RowKind.SERVICE), after.of(RowKind.SERVICE)
    gone = {name: row for name, row in then.items() if name not in now}
    new = {name: row for name, row in now.items() if name not in then}
    said = {name: moved[name][0] for name in gone if len(moved.get(name, ())) == 1}
    return find_renamed(RowKind.SERVICE, gone, new, said)


def _compare_kind(kind: RowKind, then: Rows, after: Inventory, services: Mapping[str, str]) -> Iterator[Change]:
    now = after.of(kind)
    gone = {name: row for name, row in then.items() if name not in now}
    new = {name: row for name, row in now.items() if name not in then}
    renamed = services or find_renamed(kind, gone, new)
    taken = set(renamed.values())
    found = [_of_gone(kind, name, row, after) for name, row in gone.items() if name not in renamed]
    found += [Change(kind, How.ADDED, name, "", _fields({}, row)) for name, row in new.items() if name not in taken]
    found += [Change(kind, How.RENAMED, to, name, _fields(then[name], now[to])) for name, to in renamed.items()]
    found += [_of_same(kind, name, row, now[name]) for name, row in then.items() if name in now and row != now[name]]
    yield from sorted(found, key=lambda each: (each.name, each.before))


def _of_gone(kind: RowKind, name: str, row: Row, after: Inventory) -> Change:
    """What nothing declared was only seen, and is not known to be gone where the host was not looked over."""
    unseen = kind in after.partial and row.get("declared") in ("no", "undeclared")
    return Change(kind, How.UNKNOWN if unseen else How.REMOVED, name, name, _fields(row, {}))


def _of_same(kind: RowKind, name: str, before: Row, after: Row) -> Change:
    home = HOMES.get(kind, "")
    moved = bool(home) and home in before and home in after and before[home] != after[home]
    return Change(kind, How.MOVED if moved else How.CHANGED, name, name, _fields(before, after))


def _fields(before: Row, after: Row) -> tuple[FieldChange, ...]:
    names = dict.fromkeys((*before, *after))
    return tuple(
        FieldChange(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )
