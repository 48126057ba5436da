"""What an operator does to units by hand: which verb, what happens along with it, and how systemd's jobs ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.plan import Dragged, Effect, Refusal

LONGEST_REASON = 200
"""Characters of the operator's reason."""


class ControlVerb(StrEnum):
    """As systemctl names them."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    RELOAD = "reload"
    ENABLE = "enable"
    DISABLE = "disable"
    RESET_FAILED = "reset-failed"
    KILL = "kill"

    @property
    def queues_jobs(self) -> bool:
        return self in (ControlVerb.START, ControlVerb.STOP, ControlVerb.RESTART, ControlVerb.RELOAD)

    @property
    def effect(self) -> Effect | None:
        """What systemd does along with it to units that depend on its own."""
        return _EFFECTS.get(self)


_EFFECTS = {ControlVerb.STOP: Effect.STOPS, ControlVerb.RESTART: Effect.RESTARTS, ControlVerb.START: Effect.STARTS}


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """`units`: whole names, each declared for the host. `signal`: a number, for kill. `reason`: the operator's own."""

    verb: ControlVerb
    units: tuple[str, ...]
    signal: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit as systemd has it: `active` and `sub` in its words; '' if that could not be read."""

    unit: str
    active: str = ""
    sub: str = ""

    @property
    def words(self) -> str:
        return f"{self.active} ({self.sub})" if self.active else "unknown"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What the registry declares that the action goes against."""

    unit: str
    what: str

    def __str__(self) -> str:
        return f"{self.unit}: {self.what}"


@dataclass(frozen=True, slots=True)
class ControlPlan:
    """What an action does to one host, before it is begun.

    `stages`: the units, dependencies first (last, if they are stopped); those in one stage are independent of each
    other. `drags`: units that systemd changes along with them. `before`: the state of each unit, its own and dragged.
    `notes`: what else to know, a unit and a sentence.
    """

    host: str
    request: ControlRequest
    stages: tuple[tuple[str, ...], ...] = ()
    drags: tuple[Dragged, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    before: tuple[UnitState, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """In the order in which their jobs are queued."""
        return tuple(unit for stage in self.stages for unit in stage)

    def find_before(self, unit: str) -> UnitState:
        return next((each for each in self.before if each.unit == unit), UnitState(unit))


class JobEnd(StrEnum):
    """How systemd said that a job ended (`JobRemoved`, org.freedesktop.systemd1(5)), and what qtctl adds to that."""

    DONE = "done"
    CANCELED = "canceled"
    TIMEOUT = "timeout"
    FAILED = "failed"
    DEPENDENCY = "dependency"
    SKIPPED = "skipped"
    INVALID = "invalid"
    ASSERT = "assert"
    UNSUPPORTED = "unsupported"
    COLLECTED = "collected"
    ONCE = "once"
    FROZEN = "frozen"
    CONCURRENCY = "concurrency"
    REFUSED = "refused"
    """systemd did not take it; `detail` says why."""
    UNKNOWN = "unknown"
    """It had not ended at the deadline, the connection was lost, or the word is none of these."""

    @property
    def good(self) -> bool:
        return self in (JobEnd.DONE, JobEnd.SKIPPED)


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What became of one unit. `by`: why it was changed along with others, '' if it was asked for itself."""

    unit: str
    end: JobEnd
    before: UnitState
    after: UnitState
    detail: str = ""
    by: str = ""


class ControlStatus(StrEnum):
    """How an action on one host ended."""

    DONE = "done"
    FAILED = "failed"
    """A job did not end well: the states afterwards are known."""
    REFUSED = "refused"
    """Nothing was done."""
    DECLINED = "declined"
    """The operator did not agree."""
    NOT_REACHED = "not-reached"
    """The host could not be asked, and nothing was done."""
    INTERRUPTED = "interrupted"
    """Nothing was done."""
    UNKNOWN = "unknown"
    """Something may have been done, and nobody knows how it ended."""


@dataclass(frozen=True, slots=True)
class ControlOutcome:
    """`why`, `hint`: if it was not done."""

    host: str
    status: ControlStatus
    plan: ControlPlan | None = None
    results: tuple[UnitResult, ...] = ()
    why: str = ""
    hint: str = ""
    warnings: tuple[str, ...] = ()

    def list_bad(self) -> Iterator[UnitResult]:
        return (each for each in self.results if not each.end.good)
