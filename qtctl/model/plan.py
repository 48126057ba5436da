"""What a deploy will do, why, and what it saw when it was planned."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.model.desired_file import DesiredFile


class StepKind(StrEnum):
    WRITE = "write"
    FOLDER = "folder"
    """Owner and mode of a folder of drop-ins or links, which is created if it is missing."""
    REMOVE = "remove"
    """A file that qtctl wrote and that is no longer declared."""
    SYSUSERS = "sysusers"
    TMPFILES = "tmpfiles"
    LINK = "link"
    """A path that leads to an installation: code or a virtual environment; in a restore, any link to a unit."""
    RELOAD = "daemon-reload"
    RESET_FAILED = "reset-failed"
    ENABLE = "enable"
    DISABLE = "disable"
    STOP = "stop"
    START = "start"
    UNIT_RELOAD = "reload"
    RESTART = "restart"
    STOP_CONTAINER = "stop-container"
    """A container of a compose service that units take over from. `seen` of its step is the container's id."""


class Effect(StrEnum):
    """What happens to a unit along with another."""

    STOPS = "stops"
    RESTARTS = "restarts"
    STARTS = "starts"


@dataclass(frozen=True, slots=True)
class Dragged:
    """A unit that systemd stops, restarts or starts along with the unit of a step.

    `by`: the dependency that makes it (`Requires=shop-api.service`). `declared`: whether qtctl writes its file.
    """

    unit: str
    effect: Effect
    by: str
    declared: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `seen` is the state it was decided on (a digest, a unit state); `diff` is never set for env files.

    `keep_mtime`: nothing that a running process sees is changed by this write. `drags`: what it affects besides.
    `change`: of a write, what is needed to put it in force on a unit that runs. `target`: where a link will lead.
    `frees`: of a container, the ports that it publishes on the host, `8001/tcp`.
    """

    kind: StepKind
    subject: str
    reason: str
    seen: str = ""
    diff: str = ""
    file: DesiredFile | None = None
    keep_mtime: bool = False
    drags: tuple[Dragged, ...] = ()
    change: ChangeClass | None = None
    target: str = ""
    """Where a link leads; for a folder its owner and mode, as `root:root:0755`."""
    frees: tuple[str, ...] = ()
    time: str = ""
    """The time of a file whose time matters: seconds since the epoch, with fraction."""


READ_AS_ROOT = "a deploy must be able to read it: log in as root, or as an account with sudo that asks for no password"
"""What lets a deploy through that could not read something."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a deploy will not begin: what is in the way, and what lets it through ('' if the reason says it).

    `unknown`: it could not be found out whether something is in the way. `holder`: who deploys to the host now.
    """

    subject: str
    reason: str
    hint: str
    unknown: bool = False
    holder: str = ""


class NoteKind(StrEnum):
    """What a plan mentions besides its steps."""

    LEFT = "left"
    """`--prune` would remove it."""
    FOREIGN = "foreign"
    """It looks like the fleet's, but qtctl leaves it alone."""
    OVERRIDDEN = "overridden"
    """An operator's drop-in overrides the generated file."""
    EDITED = "edited"
    """A file of the last generation that someone has changed or removed."""
    FIRES = "fires"
    """A timer that starts its service as soon as the step is done."""
    POOL = "pool"
    """Instances of a template that are restarted some at a time, or that stop together."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know before agreeing to a plan that is not a step of it."""

    kind: NoteKind
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What an operator decides beyond the registry.

    `take_over`: files that qtctl did not write may be replaced. `prune`: what nothing declares any more is removed.
    `expected`: the plan that was agreed to; any other is refused. `cut_over`: containers of compose services that units
    take over from are stopped. `under_way`: the deploy that is under way on the host is this one, so it is not in the
    way.
    """

    take_over: bool = False
    prune: bool = False
    expected: "PlannedBefore | None" = None
    cut_over: bool = False
    under_way: bool = False


NO_CHOICES = Choices()


@dataclass(frozen=True, slots=True)
class PlannedBefore:
    """A plan that was written to a file. `keys`: for each step what it is, and a digest of everything in it.

    `nonce` was used for those digests; `machine` as in Plan, '' if the host did not say.
    """

    keys: tuple[tuple[str, str], ...]
    nonce: str
    machine: str = ""


@dataclass(frozen=True, slots=True)
class LoadedAs:
    """A unit as systemd had it when a deploy was planned. `changed`: systemd needs a reload for its files."""

    unit: str
    changed: bool
    drop_ins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they run. Empty steps: the host is as declared."""

    host: str
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()
    machine: str = ""
    """The machine that it is for, as in `HostBaseline.machine`."""
    loaded: tuple[LoadedAs, ...] = ()

    @property
    def changes(self) -> bool:
        return bool(self.steps)


class StepStatus(StrEnum):
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It was begun, but its end was not reported."""
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What happened to a step; `detail` says why it is not done (a job's result: failed, timeout, dependency …).

    `kept`: where the replaced file is now, '' if there was none. `took_s`: seconds; steps that were begun together
    share theirs; None if not run.
    """

    step: Step
    status: StepStatus
    detail: str = ""
    kept: str = ""
    took_s: float | None = None

    @property
    def done(self) -> bool:
        return self.status is StepStatus.DONE


def list_not_run(steps: Iterable[Step], why: str = "") -> tuple[StepResult, ...]:
    return tuple(StepResult(step, StepStatus.NOT_RUN, why) for step in steps)
