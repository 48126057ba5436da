"""The year of year.toml as snapshots: a real chain of documents, each following the one before."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from qtctl.history.archive import pack, unpack
from qtctl.interfaces.snapshot_store import SnapshotStore
from qtctl.model.evolution import Change, How
from qtctl.model.snapshot import Attachments, Inventory, RowKind, Snapshot, SnapshotHead, Stored

HOST = "box"
SIGNS = {
    How.ADDED: "+", How.REMOVED: "-", How.MOVED: "~", How.RENAMED: "=", How.CHANGED: "*", How.UNKNOWN: "?",
}  # fmt: skip
COVERED = frozenset(
    (RowKind.SERVICE, RowKind.PORT, RowKind.STREAM, RowKind.FLOW, RowKind.LIMIT, RowKind.VENV, RowKind.VERSION)
) | {RowKind.FINDING}


@dataclass(frozen=True)
class Month:
    taken: str
    inventory: Inventory
    steps: list[str]


@cache
def read_year() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "year.toml").read_text())


def months() -> Iterator[Month]:
    """What the fleet had in each month, as `set` and `drop` say."""
    said = read_year()
    rows: dict[str, dict[str, dict[str, Any]]] = deepcopy(said["start"])
    for each in said["month"]:
        for kind, names in each.get("drop", {}).items():
            for name in names:
                del rows[kind][name]
        for kind, changed in each.get("set", {}).items():
            for name, values in changed.items():
                rows[kind][name] = {**rows[kind].get(name, {}), **values}
        partial = frozenset(map(RowKind, each.get("partial", ())))
        inventory = Inventory({RowKind(kind): deepcopy(those) for kind, those in rows.items()}, COVERED, partial)
        yield Month(each["taken"], inventory, each["expectations"]["steps"])


def head(**changes: Any) -> SnapshotHead:
    said: dict[str, Any] = {
        "fleet": "small", "host": HOST, "address": "192.0.2.1", "taken_at": "2026-01-01T00:05:00.000Z", "number": 1,
        "previous": "", "signed": False, "by": "root@desk", "qtctl_version": "0.1.0", "registry": "0" * 64,
        "commit": "", "checks": {"holds": 10, "broken": 0, "unknown": 0, "not-asked": 0},
    }  # fmt: skip
    return SnapshotHead(**{**said, **changes})


EMPTY = Inventory({RowKind.SERVICE: {"a": {"state": "running"}}}, frozenset({RowKind.SERVICE}))


def document(inventory: Inventory = EMPTY, **changes: Any) -> bytes:
    return pack(head(**changes), inventory, Attachments({}, {"fleet.toml": 'name = "small"\n'}))[1]


@cache
def year() -> tuple[bytes, ...]:
    """Twelve documents."""
    found: list[bytes] = []
    previous = ""
    for number, month in enumerate(months(), 1):
        found.append(document(month.inventory, taken_at=month.taken, number=number, previous=previous))
        previous = unpack(found[-1], "year").digest
    return tuple(found)


def fill(store: SnapshotStore) -> None:
    """Store the year, as if it had been taken month by month."""
    for content in year():
        snapshot = unpack(content, "year")
        store.append(HOST, lambda _, each=snapshot, said=content: (each, Stored("", said)))  # type: ignore[misc]


def stored(contents: tuple[bytes, ...] | list[bytes]) -> tuple[Stored, ...]:
    return tuple(Stored(f"{HOST}/{number}", content) for number, content in enumerate(contents, 1))


def snapshots() -> tuple[Snapshot, ...]:
    return tuple(unpack(content, "year") for content in year())


def short(change: Change) -> str:
    """As year.toml writes it."""
    another = change.before not in ("", change.name)
    name = f"{change.before} → {change.name}" if another else change.name
    return f"{SIGNS[change.how]} {change.kind.value} {name}"
