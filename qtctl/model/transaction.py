"""A deploy as the host itself has it: its state, and what became of each step."""

from dataclasses import dataclass, field
from enum import StrEnum


class TransactionState(StrEnum):
    """The states of a transaction, as docs/deploy.md draws them."""

    STAGED = "staged"
    """Everything is on the host, and nothing of it is in place."""
    ARMED = "armed"
    """From here on, a service on the host rolls the deploy back by itself unless it is confirmed."""
    APPLYING = "applying"
    GATING = "gating"
    """Every step was tried. The caller looks whether the host is as declared."""
    CONFIRMED = "confirmed"
    """The new generation stays."""
    RESTORING = "restoring"
    """The host goes back to what it was."""
    BROKEN = "broken"
    """It could not go back: a person is needed."""
    NONE = "none"
    """It has ended."""

    @property
    def under_way(self) -> bool:
        """Whether the steps may still be running."""
        return self in (TransactionState.STAGED, TransactionState.ARMED, TransactionState.APPLYING)


class TransactionEnd(StrEnum):
    """How a transaction that has ended did so."""

    CONFIRMED = "confirmed"
    RESTORED = "restored"
    ACCEPTED = "accepted"
    """A person left the host as it was when it could not go back."""
    LOST = "lost"
    """The host does not know."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the host noted last about one step: begun, done, or failed and why. `took_s`: seconds, or None."""

    word: str
    detail: str = ""
    took_s: float | None = None


@dataclass(frozen=True, slots=True)
class Progressed:
    """What a transaction has come to.

    `marks`: the last note on each step. `kept`: where what a step replaced lies now. `left`: paths that somebody else
    changed meanwhile, which going back did not touch. `why`: why it went back. `worse`: units that are not as they were
    before. `gone`: oneshots that are not run again. `warnings`: what else somebody should know.
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
