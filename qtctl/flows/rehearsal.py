"""A rehearsal: a throwaway host is made like the real one, deployed to, broken, rolled back, and removed again."""

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from qtctl.errors import DeployRefused, HostError, LabError
from qtctl.findings.finding import Outcome, Severity
from qtctl.flows.rehearsal_before import Before
from qtctl.flows.rehearsal_failures import FAILURES, Scene
from qtctl.flows.throwaway_host import NAME, ThrowawayHost
from qtctl.interfaces.progress import Progress
from qtctl.lab import lab
from qtctl.lab.throwaway import make_throwaway_lab
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, begun
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts
from qtctl.model.plan import Choices, Plan
from qtctl.model.rehearsal import BeforeSource, Failure, NotModelled, StepKind
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from qtctl.plan.rehearsed import Rehearsal, RehearsedStep
from qtctl.reports.deploy_text import describe_problems
from qtctl.reports.phrases import format_count
from qtctl.stage.not_modelled import Ground, list_not_modelled, name_some
from qtctl.stage.rehearsal import (
    find_drift,
    list_hand_made,
    list_still_failed,
    loosen,
    make_overrides,
    make_specs,
    make_tree,
)

DISK_MIB = 1024
_SURE = (DeployStatus.UNCHANGED, DeployStatus.DEPLOYED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What to rehearse.

    `desired`: rendered; `needs`: everything that its audit asks; `within_s`: after each failure.
    """

    desired: Desired
    before: Before
    evidence: Evidence
    needs: Sequence[Need]
    failures: tuple[Failure, ...]
    within_s: float
    choices: Choices
    suite: str
    suite_is_own: bool


def rehearse(case: Case, progress: Progress) -> Rehearsal:
    """The whole rehearsal. Nothing of it is left, however it ends. LabError if this machine cannot boot a host."""
    began = time.monotonic()
    with make_throwaway_lab():
        done = _Rehearsing(case, progress).run()
    return replace(done, took_s=time.monotonic() - began)


@dataclass
class _Rehearsing:
    case: Case
    progress: Progress
    steps: list[RehearsedStep] = field(default_factory=list)
    plan: Plan | None = None

    def __post_init__(self) -> None:
        case = self.case
        self.facts = Facts.of(case.evidence)
        self.after, self.before = loosen(case.desired), case.before.desired
        self.hand_made = list_hand_made((self.before, self.after), self.facts)
        self.drift = find_drift(self.before, self.facts)
        self.host = ThrowawayHost(self.progress, Severity(case.desired.fail_on))

    def run(self) -> Rehearsal:
        self._boot()
        generation = self._deploy_before()
        deployed = self._deploy_after()
        if deployed is not None and deployed.status in _SURE:
            self._audit()
            for failure in self.case.failures:
                self._fail(failure)
        else:
            for kind in (StepKind.AUDIT, *(StepKind(each.value) for each in self.case.failures)):
                self._skip(kind)
        self._roll_back(generation, deployed)
        return self._conclude()

    def _boot(self) -> None:
        login = self.case.desired.login
        tree = make_tree(
            self.before, self.after, self.facts, self.hand_made, audit_user=login.audit_user,
            deploy_user=login.deploy_user,
        )  # fmt: skip
        lab.up(
            [NAME], tree, stands_for=self.case.desired.host, progress=self.progress, suite=self.case.suite,
            disk_mib=DISK_MIB,
        )  # fmt: skip

    def _deploy_before(self) -> int | None:
        """Deploy what the real host has.

        Returns the generation's number on the throwaway host, None if nothing is known.
        """
        source = self.case.before
        if source.source is BeforeSource.NOTHING:
            return None
        self._tell("deploying what the real host has")
        outcome = self._try(StepKind.BEFORE, lambda: self.host.deploy(self.before, Choices()), source.said)
        if outcome is None or outcome.status not in _SURE:
            return None
        if script := self.drift.write_script():
            self.host.write(make_overrides(self.drift.failed))
            self.host.run(script)
        return outcome.generation

    def _deploy_after(self) -> DeployOutcome | None:
        self._tell("deploying the registry")
        self._switch_stand_ins(self.after)

        def note(plan: Plan) -> None:
            self.plan = plan

        return self._try(StepKind.DEPLOY, lambda: self.host.deploy(self.after, self.case.choices, note))

    def _switch_stand_ins(self, desired: Desired) -> None:
        """From now on, programs that start do what `desired` declares."""
        replaced = desired is self.after and self.case.choices.take_over
        failed = self.drift.failed if desired is self.before else list_still_failed(self.drift, self.before, self.after)
        self.host.write(make_overrides(failed))
        self.host.write(make_specs(desired, (each for each in self.hand_made if not (replaced and each.declared))))
        self.host.run("systemctl restart 'qtctl-lab-feeder*'")

    def _try(self, kind: StepKind, run: Callable[[], DeployOutcome], said: str = "") -> DeployOutcome | None:
        """Add the step for a deploy. None if it did not get as far as a plan."""
        began = time.monotonic()
        try:
            outcome = run()
        except (HostError, DeployRefused) as error:
            self._add(kind, Outcome.UNKNOWN, f"it could not be tried: {error}", began)
            return None
        self.plan = outcome.plan if kind is StepKind.DEPLOY else self.plan
        counted = said or _describe_plan(outcome.plan)
        if outcome.status in _SURE:
            failed = f"; still failed: {name_some(outcome.failed_before)}" if outcome.failed_before else ""
            self._add(kind, Outcome.HOLDS, f"{counted}{failed}", began)
        else:
            unknown = bool(outcome.plan.refusals) and all(each.unknown for each in outcome.plan.refusals)
            said, *details = describe_problems(outcome)
            self._add(kind, Outcome.UNKNOWN if unknown else Outcome.BROKEN, said, began, tuple(details))
        return outcome

    def _audit(self) -> None:
        self._tell("auditing")
        waited = self.host.wait(self.after, self.case.within_s)
        broken = any(each.outcome is Outcome.BROKEN for each in waited.open)
        outcome = Outcome.BROKEN if broken else Outcome.UNKNOWN if waited.open else Outcome.HOLDS
        said = "everything is as declared" if not waited.open else f"{format_count(len(waited.open), 'finding')} open"
        step = RehearsedStep(
            kind=StepKind.AUDIT, subject=self.case.desired.host, outcome=outcome, said=said, findings=waited.open,
            took_s=waited.took_s,
        )  # fmt: skip
        self.steps.append(step)
        self.host.forget(waited.open)

    def _fail(self, failure: Failure) -> None:
        kind = StepKind(failure.value)
        if self._find_lost() is not None:
            self._skip(kind)
            return
        scene = Scene(self.host, self.after, self.case.within_s, self._tell)
        began = time.monotonic()
        try:
            self.steps += FAILURES[failure](scene)
        except (LabError, HostError) as error:
            self._add(kind, Outcome.UNKNOWN, f"it could not be tried: {error}", began)

    def _roll_back(self, generation: int | None, deployed: DeployOutcome | None) -> None:
        began = time.monotonic()
        if deployed is None or deployed.status not in _SURE or self._find_lost() is not None:
            self._skip(StepKind.ROLLBACK)
        elif deployed.status is DeployStatus.UNCHANGED:
            self._add(StepKind.ROLLBACK, Outcome.NOT_ASKED, "nothing was changed: there is nothing to roll back", began)
        elif generation is None:
            said = "the host has no generation of qtctl's to go back to: this would be its first"
            self._add(StepKind.ROLLBACK, Outcome.NOT_ASKED, said, began)
        else:
            self._tell("rolling back")
            self._switch_stand_ins(self.before)
            self._try(StepKind.ROLLBACK, lambda: self.host.roll_back(self.after, generation))

    def _find_lost(self) -> StepKind | None:
        """The failure after which the host did not come up, None if it did."""
        found = lab.find(NAME)
        return None if found is not None and found.running else self.steps[-1].kind

    def _skip(self, kind: StepKind) -> None:
        after = next(each.kind for each in reversed(self.steps) if each.outcome is not Outcome.HOLDS and not each.after)
        self.steps.append(
            RehearsedStep(
                kind=kind, subject=self.case.desired.host, outcome=Outcome.UNKNOWN, said="not tried", after=after
            )
        )

    def _add(self, kind: StepKind, outcome: Outcome, said: str, began: float, details: tuple[str, ...] = ()) -> None:
        took_s = time.monotonic() - began
        self.steps.append(
            RehearsedStep(
                kind=kind, subject=self.case.desired.host, outcome=outcome, said=said, details=details, took_s=took_s
            )
        )

    def _tell(self, what: str) -> None:
        self.progress(begun(NAME, Stage.CHANGE, what))

    def _conclude(self) -> Rehearsal:
        case = self.case
        ground = Ground(case.suite, platform.release(), platform.machine(), case.suite_is_own)
        lacking = list_not_modelled(
            case.desired, self.facts, case.needs, ground, drift=self.drift, hand_made=self.hand_made
        )
        own: tuple[NotModelled, ...] = (case.before.gap,) if case.before.gap is not None else ()
        return Rehearsal(
            fleet=case.desired.fleet, host=case.desired.host, taken_at=case.evidence.taken_at, suite=case.suite,
            source=case.before.source, source_said=case.before.said, steps=tuple(self.steps),
            not_modelled=(*own, *lacking), plan=self.plan,
        )  # fmt: skip


def _describe_plan(plan: Plan) -> str:
    counts: dict[str, int] = {}
    for step in plan.steps:
        counts[step.kind.value] = counts.get(step.kind.value, 0) + 1
    return ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "nothing would change"
