"""What changed between snapshots of a fleet."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.snapshot import RowKind, Scalar

NOT_SAID = "not-said"
"""The state of a service if the source does not say what runs: a compose file."""


class How(StrEnum):
    """What became of one thing."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    """The same thing, elsewhere: a port of another service, a stream in another store, a venv at another path."""
    RENAMED = "renamed"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    """It was there before, and could not be looked for now."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: Scalar
    after: Scalar


@dataclass(frozen=True, slots=True)
class Change:
    """`before`: its earlier name, '' if it was added. `name`: its present name, or its last one."""

    kind: RowKind
    how: How
    name: str
    before: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """One kind: `kept` + `lost` + `unknown` were there before, `kept` + `gained` are there now."""

    kind: RowKind
    was: int
    now: int
    kept: int
    lost: int
    gained: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Point:
    """One source on the timeline. `counts`: rows by kind, for the kinds it covers. `states`: services by state."""

    label: str
    source: str
    host: str
    taken_at: str
    digest: str
    counts: Mapping[RowKind, int]
    states: Mapping[str, int]
    checks: Mapping[str, int]

    def count_services(self, *states: str) -> int | None:
        """How many are in one of these states; None if the source does not say what runs."""
        if self.states and self.states.keys() == {NOT_SAID}:
            return None
        return sum(self.states.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True)
class Step:
    """From one point to the next. `silent`: kinds that one of the two does not cover, and that are not compared."""

    before: str
    after: str
    changes: tuple[Change, ...]
    silent: tuple[RowKind, ...]


@dataclass(frozen=True, slots=True)
class Evolution:
    """`whole` compares the first point with the last; for two points it is the only step."""

    points: tuple[Point, ...]
    steps: tuple[Step, ...]
    whole: Step
    balances: tuple[Balance, ...]
