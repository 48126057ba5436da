"""The order of a deploy: look, plan, ask, lock, apply, and look again until the host is as declared."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from qtctl.apply.apply import apply
from qtctl.apply.journal import Journal
from qtctl.apply.lock import Lock, NotLocked, deploy_lock
from qtctl.apply.shared import connected
from qtctl.errors import DeployRefused, HostError
from qtctl.findings.finding import Finding, Outcome
from qtctl.flows.failures import explain_units, failed_units
from qtctl.flows.gate import Gate
from qtctl.flows.plan_host import plan_host
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Connector, Host
from qtctl.interfaces.progress import Progress
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, begun
from qtctl.model.plan import Choices, Plan, not_run
from qtctl.model.secret import Secret
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind

LOCK_SPARE_S = 60.0
AGAIN = "once that is fixed, deploy again: it goes on from what it finds"


def deploy(
    connect: Connector,
    desired: Desired,
    clock: Clock,
    *,
    choices: Choices,
    confirm: Callable[[Plan], bool],
    progress: Progress,
    deadline_s: float,
    passwords: Mapping[str, Secret] | None = None,
) -> DeployOutcome:
    """Make the host as `desired` says, and wait until it is. `desired` has been rendered.

    Once there is a plan, every end is a value, also where `confirm` or what follows is interrupted. DeployRefused where
    the host could not be reached or read. From `confirm` on it has `deadline_s`. Nothing to change takes one look and
    asks nobody.
    """
    gate = Gate(desired, clock, passwords or {})
    with ExitStack() as opened:
        try:
            host = opened.enter_context(connected(connect))
            evidence = gate.look(host)
            planned = plan_host(host, desired, evidence, clock, choices)
        except HostError as error:
            raise DeployRefused(f"nothing was changed: {error.what}", hint=error.hint, place=error.place) from error
        outstanding = gate.outstanding(evidence)
        return _decided(planned, outstanding) or _Deploy(host, connect, clock, progress, deadline_s, gate).run(
            planned, confirm
        )


def _decided(planned: Plan, outstanding: tuple[Finding, ...]) -> DeployOutcome | None:
    """How it ends where nobody has to be asked."""
    if planned.refusals:
        return _refused(planned, _in_the_way(planned))
    if not planned.changes:
        return DeployOutcome(plan=planned, status=DeployStatus.UNCHANGED, outstanding=outstanding)
    if any(each.outcome is Outcome.UNKNOWN for each in outstanding):
        return _refused(planned, Reason(ReasonKind.UNVERIFIABLE, "it could not be verified"), outstanding)
    return None


@dataclass(frozen=True, slots=True)
class _Deploy:
    """What the stages that change the host need."""

    host: Host
    connect: Connector
    clock: Clock
    progress: Progress
    deadline_s: float
    gate: Gate

    def run(self, planned: Plan, confirm: Callable[[Plan], bool]) -> DeployOutcome:
        try:
            if confirm(planned):
                return self._carry_out(planned)
        except KeyboardInterrupt:
            return _before_it_began(planned, DeployStatus.INTERRUPTED, Reason(ReasonKind.INTERRUPTED, "interrupted"))
        return _before_it_began(planned, DeployStatus.DECLINED)

    def _carry_out(self, planned: Plan) -> DeployOutcome:
        """Everything that changes the host happens in here, under its lock.

        The install script refuses when a file is no longer what the plan saw, so the look before the lock is enough.
        KeyboardInterrupt only where nothing was begun.
        """
        until = self.clock.monotonic() + self.deadline_s
        journal, outcome = Journal(planned, self.clock), None
        try:
            with deploy_lock(self.host, hold_s=self.deadline_s + LOCK_SPARE_S) as lock:
                outcome = self._change(journal, until, lock)
        except NotLocked as error:
            kind = ReasonKind.LOCK_FAILED if error.holder is None else ReasonKind.LOCKED
            return _refused(planned, Reason(kind, error.what, error.hint, error.holder or ""))
        except KeyboardInterrupt:
            if journal.empty:
                raise
            return outcome or _interrupted(journal)
        return outcome

    def _change(self, journal: Journal, until: float, lock: Lock) -> DeployOutcome:
        left_s = until - self.clock.monotonic()
        try:
            apply(self.host, journal, deadline_s=left_s, progress=self.progress)
        except DeployRefused as error:
            return _refused(journal.plan, Reason(ReasonKind.NOT_INSTALLED, error.what, error.hint))
        try:
            return self._verify(journal, until)
        except HostError as error:
            lock.host_gone()
            return _failed(journal, Reason(ReasonKind.HOST_LOST, error.what, AGAIN), looked=False)

    def _verify(self, journal: Journal, until: float) -> DeployOutcome:
        """HostError where the host is gone."""
        if journal.lost is not None:
            # Asking it more would only wait in vain.
            raise HostError("the host went away while it was being changed")
        done = all(result.done for result in journal.ended)
        self.progress(begun(journal.plan.host, Stage.VERIFY, "waiting until everything runs as declared"))
        seen = self.gate.wait(self.host, self.connect, until if done else self.clock.monotonic(), self.progress)
        if done and seen.opened:
            return DeployOutcome(plan=journal.plan, status=DeployStatus.DEPLOYED, results=journal.results())
        stuck = ", and nothing that could change that is under way" if seen.stuck else ""
        reason = (
            Reason(ReasonKind.NOT_AS_DECLARED, f"it is not as declared{stuck}", AGAIN)
            if done
            else Reason(ReasonKind.STEPS_FAILED, "steps failed", AGAIN)
        )
        units = failed_units(journal.ended, seen.outstanding, seen.facts)
        failures = explain_units(self.host, (*units, *seen.moving), seen.facts)
        return replace(_failed(journal, reason, outstanding=seen.outstanding, moving=seen.moving), failures=failures)


def _before_it_began(planned: Plan, status: DeployStatus, reason: Reason | None = None) -> DeployOutcome:
    return DeployOutcome(plan=planned, status=status, results=not_run(planned.steps), reason=reason)


def _refused(planned: Plan, reason: Reason, outstanding: tuple[Finding, ...] = ()) -> DeployOutcome:
    return DeployOutcome(
        plan=planned,
        status=DeployStatus.REFUSED,
        results=not_run(planned.steps),
        reason=reason,
        outstanding=outstanding,
    )


def _in_the_way(planned: Plan) -> Reason:
    first, *more = planned.refusals
    others = f" (and {len(more)} more)" if more else ""
    return Reason(ReasonKind.IN_THE_WAY, f"{first.subject}: {first.reason}{others}", first.hint)


def _failed(
    journal: Journal,
    reason: Reason,
    *,
    outstanding: tuple[Finding, ...] = (),
    moving: tuple[str, ...] = (),
    looked: bool = True,
) -> DeployOutcome:
    return DeployOutcome(
        plan=journal.plan,
        status=DeployStatus.FAILED,
        results=journal.results(),
        reason=reason,
        outstanding=outstanding,
        moving=moving,
        looked=looked,
    )


def _interrupted(journal: Journal) -> DeployOutcome:
    results = journal.results()
    what = "interrupted"
    if not all(result.done for result in results):
        what = "interrupted while it was being changed, and how far that came is not known"
    return _failed(journal, Reason(ReasonKind.INTERRUPTED, what, AGAIN), looked=False)
