"""What a host had at one time, as rows that snapshots keep and evolution compares.

A row is one thing with a name that stays the same from month to month: never a pid, an age or a counter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

SNAPSHOT_FORMAT = 1
"""Of the document. A newer one is refused."""
Scalar = str | int | bool | None
Row = Mapping[str, Scalar]
Rows = Mapping[str, Row]
"""By name."""
NOTHING: Rows = MappingProxyType({})


class RowKind(StrEnum):
    """What a row is about, in the order of reports."""

    SERVICE = "service"
    UNIT = "unit"
    """Targets, timers, sockets, externals …"""
    PORT = "port"
    STREAM = "stream"
    KEY = "key"
    FLOW = "flow"
    """From a publisher through a stream to a consumer group."""
    LIMIT = "limit"
    VENV = "venv"
    VERSION = "version"
    FINDING = "finding"
    """Checks that are broken or could not be judged."""
    FILE = "file"
    """Generated files, by path."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """`covers`: the kinds that the source reports on; rows of other kinds are unknown rather than absent.

    `partial`: kinds of which undeclared rows may be missing, because they could not be listed.
    """

    rows: Mapping[RowKind, Rows]
    covers: frozenset[RowKind]
    partial: frozenset[RowKind] = frozenset()
    sparse: bool = False
    """Whether the source has only some columns of a row: a missing value is then unknown, not absent."""

    def of(self, kind: RowKind) -> Rows:
        return self.rows.get(kind, NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotHead:
    """What a snapshot says about itself.

    `taken_at`: UTC, ISO 8601, when the evidence was taken. `number` counts from 1; `previous` is the digest of the one
    before, '' of the first. `signed`: whether a signature belongs to it. `registry` is the digest of what was declared,
    `commit` where the registry came from. `checks` counts the audit's by outcome. `moved`: compose service → the
    services that the registry says took over from it.
    """

    fleet: str
    host: str
    address: str
    taken_at: str
    number: int
    previous: str
    signed: bool
    by: str
    qtctl_version: str
    registry: str
    commit: str
    checks: Mapping[str, int]
    moved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attachments:
    """What only reading a whole snapshot needs: the evidence by columns, and the registry's files by path.

    Whatever looks like a secret is hidden in both.
    """

    evidence: Mapping[str, Any]
    registry: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`digest`: SHA-256 of the document that it was read from, '' before it is written."""

    head: SnapshotHead
    inventory: Inventory
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The newest snapshot that was pruned: everything before it may be gone."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A snapshot in a store. `where`: its path, or its key and id; `signature`: '' if there is none."""

    where: str
    content: bytes
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a store's index."""

    file: str
    number: int
    digest: str
    previous: str
    taken_at: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything that a store holds for one host. `index`: the entries of its index, None if it has none.

    `damage`: why its index cannot be read.
    """

    host: str
    stored: tuple[Stored, ...]
    index: tuple[Entry, ...] | None = None
    pruned: Pruned | None = None
    damage: str = ""
