"""A rollout: hosts are deployed batch by batch, and no further host is begun once one is not as declared."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, runtime_checkable

from qtctl.engines.child_process import WorkerEnded
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.events import Stage, begun, done, failed
from qtctl.model.rollout import HostEnd, OnFailure
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind
from qtctl.reports.phrases import format_count

T = TypeVar("T")
POLL_S = 0.1
SEE = "once it answers, `qtctl deploy` shows its state"
ALONE = "the host finishes alone: it keeps a deploy that was confirmed, and rolls back any other"
_ENDS = {
    DeployStatus.UNCHANGED: HostEnd.UNCHANGED,
    DeployStatus.DECLINED: HostEnd.NOT_REACHED,
    DeployStatus.DEPLOYED: HostEnd.DEPLOYED,
    DeployStatus.REFUSED: HostEnd.REFUSED,
    DeployStatus.INTERRUPTED: HostEnd.INTERRUPTED,
    DeployStatus.RESTORED: HostEnd.RESTORED,
    DeployStatus.FAILED: HostEnd.FAILED,
}


@runtime_checkable
class Interruptible(Protocol):
    """An engine whose work can be told to end in good order."""

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in all work that has begun."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the deploy, or the rollback, of one host ended. `error`: why, if it did not get as far as a plan."""

    end: HostEnd
    outcome: DeployOutcome | None = None
    error: Reason | None = None

    @classmethod
    def of(cls, outcome: DeployOutcome) -> "Ended":
        return cls(_ENDS[outcome.status], outcome)

    @property
    def good(self) -> bool:
        """Whether the host runs as declared, except for what had failed before it was changed."""
        if self.end is HostEnd.UNCHANGED:
            return self.outcome is None or self.outcome.as_declared
        return self.end is HostEnd.DEPLOYED

    @property
    def reason(self) -> Reason | None:
        return self.error or (self.outcome.reason if self.outcome else None)


@dataclass
class HostRun:
    """One host of a rollout. `batch`: from 1; 0 for hosts without changes. `rollback`: if it was rolled back."""

    host: str
    batch: int
    deploy: Ended | None = None
    rollback: Ended | None = None

    @property
    def end(self) -> HostEnd:
        if self.rollback is not None:
            ended = self.rollback.end
            return HostEnd.ROLLED_BACK if ended in (HostEnd.DEPLOYED, HostEnd.UNCHANGED) else self._keep(ended)
        return HostEnd.NOT_REACHED if self.deploy is None else self.deploy.end

    def _keep(self, ended: HostEnd) -> HostEnd:
        """A rollback that was refused, or was taken back itself, leaves the host as it was deployed."""
        return HostEnd.FAILED if ended is HostEnd.FAILED else HostEnd.DEPLOYED

    @property
    def changed(self) -> bool:
        """Whether this rollout has changed the host, and it has stayed so."""
        return self.deploy is not None and self.deploy.end is HostEnd.DEPLOYED


@dataclass
class Rollout(Generic[T]):
    """`work`: for each host what `deploy` and `roll_back` get; both run in the engine, and `roll_back` gets the number
    of the generation that is to be undone, too. `interrupts`: how often the operator has interrupted so far.
    """

    engine: Executor
    work: Mapping[str, T]
    deploy: Callable[[T], Ended]
    roll_back: Callable[[T, int], Ended]
    at_once: int
    on_failure: OnFailure = OnFailure.HOST
    interrupts: Callable[[], int] = lambda: 0
    progress: Progress = silent
    runs: dict[str, HostRun] = field(default_factory=dict, init=False)
    told: bool = field(default=False, init=False)
    """Whether the work that has begun was told to stop."""

    def run(self, unchanged: Sequence[str], batches: Sequence[Sequence[str]]) -> tuple[HostRun, ...]:
        """Every host, in the order of the batches. Hosts without changes come first: they must be as declared, too."""
        for number, batch in enumerate((unchanged, *batches)):
            self.runs.update({host: HostRun(host, number) for host in batch})
        for number, batch in enumerate((unchanged, *batches)):
            if not batch:
                continue
            what = f"batch {number} of {len(batches)}: " if number else "nothing to change: "
            self.progress(begun("", Stage.CHANGE, f"{what}{format_count(len(batch), 'host')}"))
            self._run_batch(batch)
            if self.told or not all(self._is_good(host) for host in batch):
                break
        self._undo()
        return tuple(self.runs.values())

    def _is_good(self, host: str) -> bool:
        ended = self.runs[host].deploy
        return ended is not None and ended.good

    def _run_batch(self, hosts: Sequence[str]) -> None:
        def note(host: str, ended: Ended) -> bool:
            self.runs[host].deploy = ended
            self._say(host, ended)
            return ended.good

        self._run_all(hosts, lambda host: self.engine.submit(self.deploy, self.work[host]), note)

    def _undo(self) -> None:
        """Roll back what `on_failure` says, if a host that was changed is not as declared."""
        broken = [
            run for run in self.runs.values() if run.deploy and run.deploy.end in (HostEnd.RESTORED, HostEnd.FAILED)
        ]
        if not broken or self.told or self.on_failure is OnFailure.HOST:
            return
        failed_in = {run.batch for run in broken}
        every = self.on_failure is OnFailure.ALL
        hosts = [run.host for run in self.runs.values() if run.changed and (every or run.batch in failed_in)]
        if not hosts:
            return
        self.progress(begun("", Stage.END, f"rolling back {format_count(len(hosts), 'host')}"))

        def note(host: str, ended: Ended) -> bool:
            self.runs[host].rollback = ended
            self._say(host, ended)
            return True

        self._run_all(hosts, self._submit_rollback, note)

    def _submit_rollback(self, host: str) -> "Future[Ended]":
        ended = self.runs[host].deploy
        number = ended.outcome.generation if ended is not None and ended.outcome is not None else None
        return self.engine.submit(self.roll_back, self.work[host], number or 0)

    def _run_all(
        self,
        hosts: Iterable[str],
        submit: Callable[[str], "Future[Ended]"],
        note: Callable[[str, Ended], bool],
    ) -> None:
        """At most `at_once` at a time. No further host is begun once `note` is false, or after an interrupt."""
        left, running, going = deque(hosts), dict[Future[Ended], str](), True
        while running or (left and going and not self.told):
            while left and going and not self.told and len(running) < self.at_once:
                host = left.popleft()
                running[submit(host)] = host
            ended, _ = wait(running, POLL_S, FIRST_COMPLETED)
            for future in ended:
                going = note(running.pop(future), _take_result(future)) and going
            self._heed_interrupts()
            if self.interrupts() > 1:
                for host in running.values():
                    note(host, _abandon())
                return

    def _heed_interrupts(self) -> None:
        if self.interrupts() and not self.told:
            self.told = True
            self.progress(begun("", Stage.END, "interrupted: no further host is begun"))
            if isinstance(self.engine, Interruptible):
                self.engine.interrupt()

    def _say(self, host: str, ended: Ended) -> None:
        told = done if ended.good else failed
        since = f": {ended.reason.what}" if ended.reason else ""
        self.progress(told(host, Stage.END, f"{ended.end.value}{since}"))


def _take_result(future: "Future[Ended]") -> Ended:
    """A worker that ended without an answer may have changed its host."""
    try:
        return future.result()
    except TimeoutError:
        what = f"it took too long; {ALONE}"
    except WorkerEnded as error:
        what = f"{error}; {ALONE}"
    except Exception as error:  # noqa: BLE001 - only this host is lost
        what = f"internal error: {type(error).__name__}: {error}; {ALONE}"
    return Ended(HostEnd.FAILED, error=Reason(ReasonKind.HOST_LOST, what, SEE))


def _abandon() -> Ended:
    return Ended(HostEnd.FAILED, error=Reason(ReasonKind.INTERRUPTED, f"not waited for; {ALONE}", SEE))
