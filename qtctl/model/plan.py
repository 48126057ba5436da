"""What a deploy will do, why, and what it saw when it decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.desired import DesiredFile

COPIES_KEPT = 10
"""How many replaced copies of each file stay; of those that qtctl wrote. What a person wrote is kept for ever."""


class StepKind(StrEnum):
    WRITE = "write"
    SYSUSERS = "sysusers"
    TMPFILES = "tmpfiles"
    RELOAD = "daemon-reload"
    RESET_FAILED = "reset-failed"
    ENABLE = "enable"
    DISABLE = "disable"
    STOP = "stop"
    START = "start"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `seen` is the state it was decided on (a digest, a unit state); `diff` is never set for env files.

    `keep_mtime`: nothing that a running process sees is changed by this write.
    """

    kind: StepKind
    subject: str
    reason: str
    seen: str = ""
    diff: str = ""
    file: DesiredFile | None = None
    keep_mtime: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a deploy will not begin: what is in the way, and what lets it through ('' where the reason says it)."""

    subject: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they run. Empty steps: the host is as declared."""

    host: str
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...] = ()

    @property
    def changes(self) -> bool:
        return bool(self.steps)


class StepStatus(StrEnum):
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It was begun, and how it ended was not heard."""
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step, and in `detail` why it is not done (a job's result: failed, timeout, dependency …).

    `kept`: where the file that a write replaced lies now, '' where there was none. `forgotten`: how many older copies
    of that file were removed. `took_s`: seconds; steps that were begun together share theirs, None where not run.
    """

    step: Step
    status: StepStatus
    detail: str = ""
    kept: str = ""
    forgotten: int = 0
    took_s: float | None = None

    @property
    def done(self) -> bool:
        return self.status is StepStatus.DONE


def not_run(steps: Iterable[Step], why: str = "") -> tuple[StepResult, ...]:
    return tuple(StepResult(step, StepStatus.NOT_RUN, why) for step in steps)
