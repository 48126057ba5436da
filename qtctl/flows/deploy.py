"""The order of a deploy: look, plan, ask, lock, apply, and look again until the host is as declared."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from qtctl.apply.apply import NOT_KNOWN, apply
from qtctl.apply.current import current_files
from qtctl.apply.lock import Lock, deploy_lock
from qtctl.apply.shared import SharedHost
from qtctl.audit.judge import expectations, judge
from qtctl.collect.collect import collect
from qtctl.dialects import terminal
from qtctl.errors import DeployRefused, DeployUnverified, HostError, QtctlError
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, begun
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.inquiry import inquiry_of
from qtctl.model.plan import Plan, StepKind, StepResult
from qtctl.model.secret import Secret
from qtctl.model.states import ServiceState
from qtctl.plan.needs import needs as plan_needs
from qtctl.plan.plan import plan, unread
from qtctl.ports.clock import Clock
from qtctl.ports.host import Host
from qtctl.ports.progress import Progress
from qtctl.rules.catalogue import host_rules

STILL_S = 2.0
"""How long restart counts must stand still."""

POLL_S = 0.4
LOOK_S = 30.0
LAST_LOOK_S = 5.0
LOCK_SPARE_S = 60.0
AGAIN = "once that is seen to, deploy again: it goes on from what it finds"


class DeployStatus(StrEnum):
    UNCHANGED = "unchanged"
    DEPLOYED = "deployed"
    DECLINED = "declined"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeployOutcome:
    """How a deploy ended. `outstanding`: gate checks that do not hold; `moving`: services that keep restarting."""

    plan: Plan
    status: DeployStatus
    results: tuple[StepResult, ...] = ()
    outstanding: tuple[Finding, ...] = ()
    moving: tuple[str, ...] = ()

    @property
    def conclusion(self) -> Conclusion:
        """Not as declared where the change was declined, or a gate is shut: what a deploy waits for always counts."""
        if self.status is DeployStatus.DECLINED:
            return Conclusion.NOT_AS_DECLARED
        return conclude(self.outstanding, Severity.INFO)


Said = tuple[str, ...]
"""What an error says: a head, and a line for each thing that it lists."""


class NothingDone(DeployRefused):
    """A deploy that changed nothing, with the plan it had."""

    def __init__(self, said: Said, outcome: DeployOutcome, *, hint: str = "") -> None:
        super().__init__(_text(said), hint=hint)
        self.outcome = outcome
        self._said = said

    @property
    def lines(self) -> tuple[str, ...]:
        """What to do has a line of its own where there are several."""
        return _lines(self._said, self)


class LeftBehind(DeployUnverified):
    """A deploy that failed or was not verified, with what it did and what is open."""

    def __init__(self, said: Said, outcome: DeployOutcome, *, hint: str = "") -> None:
        super().__init__(_text(said), hint=hint)
        self.outcome = outcome
        self._said = said

    @property
    def lines(self) -> tuple[str, ...]:
        """What to do has a line of its own where there are several."""
        return _lines(self._said, self)


def _text(said: Said) -> str:
    return "\n  ".join(map(terminal.line, said))


def _lines(said: Said, error: QtctlError) -> tuple[str, ...]:
    if len(said) == 1:
        return (str(error),)
    return (*said, *([error.hint] if error.hint else []))


Counts = dict[str, tuple[int, int]]
"""Unit → how often systemd restarted it, and when its process started (microseconds since the epoch)."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at the host says of the gate."""

    outstanding: tuple[Finding, ...]
    counts: Counts


@dataclass
class _Watch:
    """Since when (monotonic seconds) the restart counts stand still, and which moved last."""

    since: float
    counts: Counts = field(default_factory=dict)
    moving: tuple[str, ...] = ()

    def see(self, counts: Counts, now: float) -> None:
        if counts == self.counts:
            return
        self.moving = tuple(
            sorted(unit for unit in counts if unit in self.counts and counts[unit] != self.counts[unit])
        )
        self.since, self.counts = now, counts

    def still(self, now: float) -> bool:
        return now - self.since >= STILL_S


def deploy(
    host: Host,
    desired: Desired,
    clock: Clock,
    *,
    take_over: bool,
    confirm: Callable[[Plan], bool],
    progress: Progress,
    deadline_s: float,
    passwords: Mapping[str, Secret] | None = None,
) -> DeployOutcome:
    """Make the host as `desired` says, and wait until it is. `desired` has been rendered.

    Nothing to change takes one look and asks nobody. NothingDone (a DeployRefused) where the host is as before;
    LeftBehind (a DeployUnverified) where it may not be, or has not become as declared within `deadline_s` of `confirm`.
    """
    with SharedHost(host) as shared:
        run = _Deploy(shared, desired, clock, progress, deadline_s, passwords or {})
        planned, outstanding = run.decide(take_over=take_over)
        if not planned.changes:
            return DeployOutcome(planned, DeployStatus.UNCHANGED, outstanding=outstanding)
        if not confirm(planned):
            return DeployOutcome(planned, DeployStatus.DECLINED)
        return run.carry_out(planned)


@dataclass(frozen=True, slots=True)
class _Deploy:
    """What every stage of one deploy needs."""

    host: Host
    desired: Desired
    clock: Clock
    progress: Progress
    deadline_s: float
    passwords: Mapping[str, Secret]

    def decide(self, *, take_over: bool) -> tuple[Plan, tuple[Finding, ...]]:
        """The plan, and what of the gate does not hold now."""
        try:
            evidence = self._collect()
            facts = Facts.of(evidence)
            current = current_files(self.host, unread(self.desired, facts), LOOK_S)
        except HostError as error:
            raise DeployRefused(f"nothing was changed: {error.what}", hint=error.hint) from error
        planned = plan(self.desired, facts, current=current, take_over=take_over)
        if planned.refusals:
            raise NothingDone(_refusals(planned), DeployOutcome(planned, DeployStatus.REFUSED))
        outstanding = self._gate_of(evidence).outstanding
        if planned.changes and any(check.outcome is Outcome.UNKNOWN for check in outstanding):
            outcome = DeployOutcome(planned, DeployStatus.REFUSED, outstanding=outstanding)
            raise NothingDone(_blind(planned, outstanding), outcome)
        return planned, outstanding

    def carry_out(self, planned: Plan) -> DeployOutcome:
        """Everything that changes the host happens in here, under its lock.

        The install script refuses when a file is no longer what the plan saw, so the look before the lock is enough.
        """
        until = self.clock.monotonic() + self.deadline_s
        try:
            with deploy_lock(self.host, hold_s=self.deadline_s + LOCK_SPARE_S) as lock:
                return self._change(planned, until, lock)
        except DeployRefused as error:
            outcome = DeployOutcome(planned, DeployStatus.REFUSED)
            raise NothingDone((error.what,), outcome, hint=error.hint) from error

    def _change(self, planned: Plan, until: float, lock: Lock) -> DeployOutcome:
        results: tuple[StepResult, ...] = ()
        try:
            left_s = until - self.clock.monotonic()
            results = apply(self.host, planned, self.clock, deadline_s=left_s, progress=self.progress)
            return self._verify(planned, results, until, lock)
        except KeyboardInterrupt as interrupt:
            outcome = DeployOutcome(planned, DeployStatus.FAILED, results)
            why = (
                "interrupted"
                if results
                else "interrupted while it was being changed, and how far that came is not known"
            )
            raise LeftBehind(_left_behind(outcome, why), outcome, hint=AGAIN) from interrupt

    def _verify(self, planned: Plan, results: tuple[StepResult, ...], until: float, lock: Lock) -> DeployOutcome:
        done = all(result.ok for result in results)
        try:
            _still_there(results)
            look, watch = self._wait(until if done else self.clock.monotonic())
        except HostError as error:
            lock.host_gone()
            outcome = DeployOutcome(planned, DeployStatus.FAILED, results)
            raise LeftBehind(_left_behind(outcome, error.what), outcome, hint=AGAIN) from error
        still = watch.still(self.clock.monotonic())
        good = done and still and not look.outstanding
        status = DeployStatus.DEPLOYED if good else DeployStatus.FAILED
        outcome = DeployOutcome(planned, status, results, look.outstanding, () if still else watch.moving)
        if good:
            return outcome
        why = "it is not as declared" if done else "steps failed"
        raise LeftBehind(_left_behind(outcome, why), outcome, hint=AGAIN)

    def _wait(self, until: float) -> tuple[_Look, _Watch]:
        """Look until the gate is open and restart counts stand still, or until the deadline. At least one look."""
        self.progress(begun(self.desired.host, Stage.VERIFY, "waiting until everything runs as declared"))
        watch = _Watch(self.clock.monotonic())
        while True:
            look = self._gate_of(self._collect(max(until - self.clock.monotonic(), LAST_LOOK_S)))
            now = self.clock.monotonic()
            watch.see(look.counts, now)
            if now >= until or (not look.outstanding and watch.still(now)):
                return look, watch
            self.clock.sleep(POLL_S)

    def _collect(self, left_s: float = LOOK_S) -> Evidence:
        wanted = {*plan_needs(self.desired), *_gate_needs(self.desired)}
        limit_s = min(left_s, LOOK_S)
        inquiry = inquiry_of(self.desired, wanted, passwords=self.passwords)
        return collect(self.host, inquiry, self.clock, root=True, deadline_s=limit_s)

    def _gate_of(self, evidence: Evidence) -> _Look:
        checks, gate = judge(_deployed(self.desired), evidence), _gate()
        open_ = tuple(check for check in checks if check.id in gate and check.outcome is not Outcome.HOLDS)
        return _Look(open_, _counts(self.desired, Facts.of(evidence)))


def _still_there(results: tuple[StepResult, ...]) -> None:
    """HostError where the host went away while it was being changed: asking it more would only wait in vain."""
    if any(result.detail.startswith(NOT_KNOWN) for result in results):
        raise HostError("the host went away while it was being changed")


def _deployed(desired: Desired) -> Desired:
    """Without what qtctl does not deploy: whether grafana runs is for an audit to say, not for this gate."""
    return replace(desired, externals=(), ghosts=())


def _gate() -> set[str]:
    """The rules that a deploy waits for."""
    return {rule.id for rule in host_rules() if rule.gate}


def _gate_needs(desired: Desired) -> set[Need]:
    wanted = (expectation for rule, expectation in expectations(_deployed(desired)) if rule.gate)
    return {need for expectation in wanted for need in expectation.needs}


def _counts(desired: Desired, facts: Facts) -> Counts:
    """Of the services declared running. One whose unit is not known is missing: its checks hold the gate shut."""
    found = {}
    for service in desired.services:
        known = facts.item(Need(Unit.FACT, service.unit)).state.known
        if service.state is ServiceState.RUNNING and known:
            unit = facts.read(Unit, service.unit)
            found[service.unit] = (unit.n_restarts, unit.exec_main_start_timestamp) if unit else (0, 0)
    return found


def _refusals(planned: Plan) -> Said:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for refusal in planned.refusals:
        by_reason.setdefault((refusal.reason, refusal.hint), []).append(refusal.subject)
    lines = [f"{_several(subjects)}: {_hinted(*reason)}" for reason, subjects in by_reason.items()]
    return _headed(f"{planned.host}: nothing was changed", lines)


def _hinted(reason: str, hint: str) -> str:
    return f"{reason} ({hint})" if hint else reason


def _blind(planned: Plan, outstanding: tuple[Finding, ...]) -> Said:
    """What cannot be asked now cannot be asked of the changed host either: such a deploy would end unverified."""
    unknown = tuple(check for check in outstanding if check.outcome is Outcome.UNKNOWN)
    return _headed(f"{planned.host}: nothing was changed, since it could not be verified", _open(unknown))


def _headed(head: str, lines: list[str]) -> Said:
    return (f"{head}: {lines[0]}",) if len(lines) == 1 else (head, *lines)


def _several(subjects: list[str]) -> str:
    first, *more = subjects
    return f"{first} and {len(more)} more" if len(more) > 1 else ", ".join(subjects)


def _left_behind(outcome: DeployOutcome, why: str) -> Said:
    """What failed, what was done, what is open: all that a person needs to go on by hand."""
    good = [result for result in outcome.results if result.ok]
    bad = [result for result in outcome.results if not result.ok]
    lines = _alike("failed", [(f"{result.step.kind}", result.step.subject, f": {result.detail}") for result in bad])
    lines += _alike("written", [("", *_written(result)) for result in good if result.step.kind is StepKind.WRITE])
    done = [result.step for result in good if result.step.kind in _SHOWN]
    lines += _alike("done", [(f"{step.kind}", step.subject, "") for step in done])
    lines += _open(outcome.outstanding)
    lines += [f"open: {unit} does not stay up: it keeps being restarted" for unit in outcome.moving]
    return (f"{outcome.plan.host}: the deploy is not verified: {why}", *lines)


_SHOWN = (
    StepKind.SYSUSERS,
    StepKind.TMPFILES,
    StepKind.ENABLE,
    StepKind.DISABLE,
    StepKind.STOP,
    StepKind.START,
    StepKind.RESTART,
)


_FEW = 5


def _alike(head: str, rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """A line for each row of (kind, subject, how it ended), but one for many that differ in nothing but their names."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for kind, subject, how in rows:
        subjects.setdefault((f"{kind} " if kind else "", how.replace(subject, "…")), []).append(subject)
    lines = []
    for (kind, how), names in subjects.items():
        many = len(names) > _FEW
        lines += (
            [f"{head}: {kind}{_several(names)}{how}"]
            if many
            else [f"{head}: {kind}{name}{how.replace('…', name)}" for name in names]
        )
    return lines


def _written(result: StepResult) -> tuple[str, str]:
    return result.step.subject, f", {result.detail}" if result.detail else ", new"


def _open(outstanding: tuple[Finding, ...]) -> list[str]:
    broken = [check for check in outstanding if check.outcome is Outcome.BROKEN]
    unknown: dict[str, list[str]] = {}
    for check in outstanding:
        if check not in broken:
            unknown.setdefault(check.reason or "", []).append(f"{check.id} {check.subject}")
    lines = [f"open: {check.id} {check.subject}: {check.title}" for check in broken]
    return lines + [f"not known: {_several(subjects)}: {reason}" for reason, subjects in unknown.items()]
