"""A deploy as the host has recorded it: its state, and what happened to each step."""

from dataclasses import dataclass, field
from enum import StrEnum


class TransactionState(StrEnum):
    """The states of a transaction, as docs/deploy.md draws them."""

    STAGED = "staged"
    """Everything is on the host, but nothing is in place."""
    ARMED = "armed"
    """From now on, a service on the host rolls the deploy back unless it is confirmed."""
    APPLYING = "applying"
    GATING = "gating"
    """Every step has been tried. The caller checks whether the host is as declared."""
    CONFIRMED = "confirmed"
    """The new generation stays."""
    RESTORING = "restoring"
    """The host is being rolled back."""
    BROKEN = "broken"
    """The rollback failed: a person is needed."""
    NONE = "none"
    """It has ended."""

    @property
    def under_way(self) -> bool:
        """Whether the steps may still be running."""
        return self in (TransactionState.STAGED, TransactionState.ARMED, TransactionState.APPLYING)


class TransactionEnd(StrEnum):
    """How a transaction ended."""

    CONFIRMED = "confirmed"
    RESTORED = "restored"
    ACCEPTED = "accepted"
    """A person kept the host as it was after a failed rollback."""
    LOST = "lost"
    """The host does not know."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last note on one step: begun, done, or failed and why. `took_s`: seconds, or None."""

    word: str
    detail: str = ""
    took_s: float | None = None


@dataclass(frozen=True, slots=True)
class Progressed:
    """The progress of a transaction.

    `marks`: the last note on each step. `kept`: where what a step replaced is now. `left`: paths that someone else has
    changed and that the rollback did not touch. `why`: the reason for the rollback. `worse`: units that are not as
    before. `gone`: oneshots that are not run again. `warnings`: anything else to know.
    """

    state: TransactionState
    end: TransactionEnd | None = None
    marks: dict[int, Mark] = field(default_factory=dict)
    kept: dict[int, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
