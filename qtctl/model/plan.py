"""What a deploy will do, why, and what it saw when it decided."""

from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.desired import DesiredFile


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


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step ended: `ok`, or why not in `detail` (a job's result: failed, timeout, dependency …).

    `forgotten`: how many old copies of the file that was written were removed.
    """

    step: Step
    ok: bool
    detail: str = ""
    forgotten: int = 0
