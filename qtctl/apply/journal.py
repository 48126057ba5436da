"""The result of each step of a plan, also when the deploy is interrupted or the connection is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qtctl.errors import HostError
from qtctl.interfaces.clock import Clock
from qtctl.model.plan import Plan, Step, StepResult, StepStatus, not_run

INTERRUPTED = "interrupted"


class Journal:
    """Records results while a plan runs. Steps run in groups; a group ends before the next one begins.

    `lost`: the error that cut off the results of a group, if any.
    """

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self.plan = plan
        self.lost: HostError | None = None
        self.clock = clock
        self._ended: list[StepResult] = []
        self._begun: Sequence[Step] = ()
        self._begun_at = 0.0

    @property
    def empty(self) -> bool:
        """Whether no step has begun yet, so the host is unchanged."""
        return not self._begun and not self._ended

    @property
    def ended(self) -> tuple[StepResult, ...]:
        return tuple(self._ended)

    def begin(self, steps: Sequence[Step]) -> None:
        self._begun, self._begun_at = steps, self.clock.monotonic()

    def end(self, results: Iterable[StepResult]) -> None:
        """Record the results of the current group: one for each step, in order."""
        took_s = round(max(self.clock.monotonic() - self._begun_at, 0.0), 3)
        self._ended += [
            result if result.status is StepStatus.NOT_RUN else replace(result, took_s=took_s) for result in results
        ]
        self._begun = ()

    def lose(self, error: HostError) -> None:
        """The connection failed during the current group: its results are unknown."""
        self.lost = error
        self.end(StepResult(step, StepStatus.UNKNOWN, str(error)) for step in self._begun)

    def skip(self, steps: Sequence[Step], why: str) -> None:
        self._ended += not_run(steps, why)

    def results(self) -> tuple[StepResult, ...]:
        """One result for each step of the plan, in execution order."""
        begun = (StepResult(step, StepStatus.UNKNOWN, INTERRUPTED) for step in self._begun)
        known = (*self._ended, *begun)
        return (*known, *not_run(self.plan.steps[len(known) :], INTERRUPTED))
