"""The order of a deploy: look, plan, ask, let the host apply, and look again until it is confirmed or rolled back."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from qtctl.apply.backup_archive import pack
from qtctl.apply.contact import Contact
from qtctl.apply.generation import Generation
from qtctl.apply.shared import share_connection
from qtctl.apply.transaction import Locked, Ticket, Transaction, find, make_ticket, stage
from qtctl.errors import DeployRefused, HostError, InputError, Refused, refuse_unchanged
from qtctl.findings.finding import Outcome
from qtctl.flows.failures import explain_units, list_failed_units
from qtctl.flows.found import is_first, look_at_found
from qtctl.flows.gate import Gate, Verdict, Waits, never
from qtctl.flows.plan_host import plan_host
from qtctl.flows.provide import provide
from qtctl.flows.steady import RESTART_DELAYS, STEADY_S
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Connector
from qtctl.interfaces.progress import Progress
from qtctl.interfaces.supplies import NO_SUPPLIES, Supplies
from qtctl.meaning.deploys import STATUS, is_of_registry, judges_generation
from qtctl.meaning.originals import as_kept
from qtctl.model.backup import Backup
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.events import Stage, begun, waiting
from qtctl.model.evidence import Evidence
from qtctl.model.facts import Facts
from qtctl.model.plan import Choices, Plan, StepResult, list_not_run
from qtctl.model.secret import Secret
from qtctl.model.transaction import Progressed, TransactionEnd, TransactionState
from qtctl.plan.failed_before import is_excused, list_failed
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind, UnitFailure, refuse, refuse_obstructed
from qtctl.plan.results import count_done, make_results
from qtctl.plan.unit_goals import list_units

AGAIN = Gate.again
SPARE_S = 60.0
"""Time after the deadline, for a host that rolls back."""

RESTORE_S = 240.0
"""How long to wait for a host that rolls back. It tries three times."""

_NAMED = 5
_FOLLOW_PAUSE_S, _PAUSE_S = 0.02, 0.25
_GOES_ON = "the host continues the rollback by itself"
_UNFINISHED = "the host is still recording it: deploys are refused until that is done"


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
    steady_s: float = STEADY_S,
    about: Mapping[str, str] | None = None,
    supplies: Supplies = NO_SUPPLIES,
    restart_delays: int = RESTART_DELAYS,
) -> DeployOutcome:
    """Make the host as `desired` says and wait until it is, else it is rolled back. `desired` has been rendered.

    Once there is a plan, every end is a value, even if `confirm` or a later step is interrupted. DeployRefused if the
    host could not be reached or read. From `confirm` on there are `deadline_s`. If there is nothing to change, nobody
    is asked. `about`: what the host records about this generation. `supplies`: code and packages to install. Every
    service must be up for `steady_s`, and for several of its own `restart_delays`.
    """
    gate = Gate.of(desired, clock, passwords or {}, steady_s, choices, restart_delays=restart_delays)
    with ExitStack() as opened:
        try:
            host = opened.enter_context(share_connection(connect))
            evidence, reading = gate.look_and_read(host)
            planned = plan_host(host, desired, evidence, clock, choices, reading=reading)
            contact = Contact(host, connect, clock, opened)
            found = DeployOutcome(
                plan=planned, status=DeployStatus.UNCHANGED, outstanding=gate.list_outstanding(evidence)
            )
            failed_before = list_failed(desired, evidence, found.outstanding)
            gate = replace(gate, failed_before=failed_before, before=Facts.of(evidence))
            if not planned.changes and not planned.refusals and not gate.is_steady(evidence):
                seen = gate.wait(contact, clock.monotonic() + deadline_s, progress)
                found = replace(found, outstanding=seen.outstanding, moving=seen.moving)
        except HostError as error:
            raise refuse_unchanged(error) from error
        kept = as_kept(desired.files, Facts.of(evidence))
        first = is_first(Facts.of(evidence))
        found_before = partial(look_at_found, host, desired, clock, planned, about or {}) if first else None
        run = _Deploy(contact, progress, deadline_s, gate, about or {}, supplies, kept=kept, found=found_before)
        decided = _decide_without_asking(found)
        if decided is not None and _is_recorded_late(decided, evidence, about or {}):
            return run.record(decided)
        return decided or run.run(planned, confirm)


def _is_recorded_late(decided: DeployOutcome, evidence: Evidence, about: Mapping[str, str]) -> bool:
    """Whether the host is as declared but its generation does not say so: there is none, or an older one."""
    facts = Facts.of(evidence)
    if decided.status is not DeployStatus.UNCHANGED or not decided.as_declared:
        return False
    if not facts.find_item(STATUS).state.known:
        return False
    status = facts.read(HostDeploys, "host")
    if status is None:
        return True
    mine = judges_generation(status, about.get("fleet", ""), about.get("host", ""))
    return mine and not is_of_registry(status, about.get("registry", ""))


def carry_out(
    contact: Contact,
    planned: Plan,
    gate: Waits,
    *,
    confirm: Callable[[Plan], bool],
    progress: Progress,
    deadline_s: float,
    about: Mapping[str, str],
    units: tuple[str, ...],
    found: Callable[[], Backup] | None,
) -> DeployOutcome:
    """Carry out a plan made elsewhere, in the same transaction. `units`: restored if it is rolled back.

    `found`: for a host without generations, what is there now.
    """
    return _Deploy(contact, progress, deadline_s, gate, about, NO_SUPPLIES, units, found=found).run(planned, confirm)


def _decide_without_asking(found: DeployOutcome) -> DeployOutcome | None:
    """The outcome if nobody has to be asked. `found`: the host as it is."""
    planned = found.plan
    if planned.refusals:
        return refuse_obstructed(planned)
    if not planned.changes:
        return found
    if any(each.outcome is Outcome.UNKNOWN for each in found.outstanding):
        return refuse(planned, Reason(ReasonKind.UNVERIFIABLE, "it could not be verified"), found.outstanding)
    return None


@dataclass
class _Deploy:
    """What the stages that change the host need, and what the host has reported so far."""

    contact: Contact
    progress: Progress
    deadline_s: float
    gate: Waits
    about: Mapping[str, str]
    supplies: Supplies
    units: tuple[str, ...] | None = None
    kept: tuple[DesiredFile, ...] | None = None
    found: Callable[[], Backup] | None = None
    _warnings: tuple[str, ...] = field(default=(), init=False)
    _seen: Verdict | None = field(default=None, init=False)
    _failures: tuple[UnitFailure, ...] = field(default=(), init=False)
    _number: int | None = field(default=None, init=False)

    def run(self, planned: Plan, confirm: Callable[[Plan], bool]) -> DeployOutcome:
        try:
            if not confirm(planned):
                return _conclude_before_start(planned, DeployStatus.DECLINED)
            until = self.contact.clock.monotonic() + self.deadline_s
            count = len(planned.steps)
            self.progress(begun(planned.host, Stage.INSTALL, f"staging {count} step{'s' * (count != 1)}"))
        except KeyboardInterrupt:
            return _conclude_before_start(
                planned, DeployStatus.INTERRUPTED, Reason(ReasonKind.INTERRUPTED, "interrupted")
            )
        return self._carry_out(planned, until)

    def record(self, unchanged: DeployOutcome) -> DeployOutcome:
        """Record a generation in which nothing changes: from now on the host belongs to this registry."""
        ended = self._carry_out(unchanged.plan, self.contact.clock.monotonic() + self.deadline_s)
        if ended.status is DeployStatus.DEPLOYED:
            return replace(unchanged, generation=ended.generation, warnings=ended.warnings)
        why = ended.reason.what if ended.reason else ended.status.value
        return replace(unchanged, warnings=(*ended.warnings, f"the host did not take note of this registry: {why}"))

    def _carry_out(self, planned: Plan, until: float) -> DeployOutcome:
        """The host is changed here, and ends either as new and verified, or as before and verified."""
        ticket = make_ticket()
        try:
            until += self._provide(planned)
            transaction = self._stage(planned, ticket)
        except Locked as error:
            return refuse(
                planned, Reason(ReasonKind.LOCKED, error.describe_beside(planned.host), error.hint, error.holder)
            )
        except DeployRefused as error:
            return refuse(planned, Reason(ReasonKind.NOT_INSTALLED, error.describe_beside(planned.host), error.hint))
        except KeyboardInterrupt:
            return self._abandon(planned, ticket, Reason(ReasonKind.INTERRUPTED, "interrupted"))
        except HostError as error:
            kind = ReasonKind.NOT_INSTALLED if isinstance(error, Refused) else ReasonKind.HOST_LOST
            return self._abandon(planned, ticket, Reason(kind, error.describe_beside(planned.host), error.hint))
        progressed = None
        try:
            progressed = self._follow(planned, transaction, until)
            reason, progressed = self._judge(planned, transaction, progressed, until)
            if reason is None:
                return self._conclude_deployed(planned, progressed)
        except KeyboardInterrupt:
            reason = Reason(ReasonKind.INTERRUPTED, "interrupted", AGAIN)
        except HostError as error:
            reason = Reason(ReasonKind.HOST_LOST, error.describe_beside(planned.host), AGAIN)
        return self._go_back(planned, transaction, reason)

    def _provide(self, planned: Plan) -> float:
        """Install what links will lead to. Returns the seconds that it took."""
        began = self.contact.clock.monotonic()
        provide(self.contact.host, self.gate.desired, planned, self.supplies, self.progress)
        return self.contact.clock.monotonic() - began

    def _stage(self, planned: Plan, ticket: Ticket) -> Transaction:
        desired = self.gate.desired
        units = list_units(desired, planned) if self.units is None else self.units
        generation = Generation(planned, desired, units, self.about, self.kept, self._pack_found())
        number = stage(self.contact.host, generation, ticket, limit_s=int(self.deadline_s) + 1)
        return self._watch(number)

    def _pack_found(self) -> bytes:
        """What the host has now, if this is its first generation. A deploy does not fail for it."""
        if self.found is None:
            return b""
        try:
            return pack(self.found())
        except (HostError, InputError) as error:
            why = error.describe_beside(self.gate.desired.host)
            self._warnings = (f"what was there before is not kept as generation 0: {why}",)
            return b""

    def _watch(self, number: int) -> Transaction:
        self._number = number
        return Transaction(self.contact, number, self.deadline_s + SPARE_S)

    def _abandon(self, planned: Plan, ticket: Ticket, reason: Reason) -> DeployOutcome:
        """Staging did not end, as far as the caller knows: the host may have begun anyway."""
        try:
            number = find(self.contact, ticket)
        except (HostError, KeyboardInterrupt) as error:
            if reason.kind is ReasonKind.NOT_INSTALLED and isinstance(error, Refused):
                # The host let neither of them begin.
                return refuse(planned, replace(reason, what=f"nothing was changed: {reason.what}"))
            what = f"{reason.what}; if the deploy has begun, the host goes back by itself"
            hint = error.hint if isinstance(error, HostError) else reason.hint
            return self._conclude(planned, None, Reason(reason.kind, what, hint), DeployStatus.FAILED)
        if number is not None:
            return self._go_back(planned, self._watch(number), reason)
        if reason.kind is ReasonKind.INTERRUPTED:
            return _conclude_before_start(planned, DeployStatus.INTERRUPTED, reason)
        return refuse(planned, replace(reason, what=f"nothing was changed: {reason.what}"))

    def _follow(self, planned: Plan, transaction: Transaction, until: float) -> Progressed:
        """Wait until every step has been tried, or the host rolls back."""
        clock = self.contact.clock
        while True:
            progressed = transaction.await_steps()
            if not progressed.state.under_way or clock.monotonic() >= until:
                return progressed
            done = f"{count_done(progressed)} of {len(planned.steps)} steps done"
            self.progress(waiting(planned.host, Stage.CHANGE, done))
            clock.sleep(_FOLLOW_PAUSE_S)

    def _judge(
        self, planned: Plan, transaction: Transaction, progressed: Progressed, until: float
    ) -> tuple[Reason | None, Progressed]:
        """Why the host must roll back, or None if it is confirmed."""
        if progressed.state is not TransactionState.GATING:
            return _explain_failed_steps(progressed), progressed
        results = make_results(planned, progressed)
        if not all(each.done or is_excused(each.step, self.gate.failed_before) for each in results):
            self._seen = self._wait(self.contact.clock.monotonic())
            self._explain(results)
            return Reason(ReasonKind.STEPS_FAILED, "steps failed", AGAIN), progressed
        self.progress(begun(planned.host, Stage.VERIFY, "waiting until everything runs as declared"))
        seen = self._seen = self._wait(until, ended=lambda: transaction.poll().state is not TransactionState.GATING)
        if seen.outstanding or seen.moving or not seen.opened:
            self._explain(results)
        if seen.opened:
            confirmed = transaction.confirm()
            if confirmed.end is TransactionEnd.CONFIRMED or confirmed.state is TransactionState.CONFIRMED:
                return None, confirmed
            return _explain_failed_steps(confirmed), confirmed
        return Reason(ReasonKind.NOT_AS_DECLARED, self._say_what_is_wrong(seen), self.gate.again), progressed

    def _wait(self, until: float, *, ended: Callable[[], bool] = never) -> Verdict:
        return self.gate.wait(self.contact, until, self.progress, ended=ended)

    def _say_what_is_wrong(self, seen: Verdict) -> str:
        if seen.remaining:
            return f"it is not {self.gate.goal}: {'; '.join(seen.remaining[:_NAMED])}"
        stuck = ", and nothing that could change that is under way" if seen.stuck else ""
        return f"it is not {self.gate.goal}{stuck}"

    def _explain(self, results: tuple[StepResult, ...]) -> None:
        """Why units do not run: asked before the host rolls back."""
        if self._seen is None:
            return
        failed = list_failed_units(results, self._seen.outstanding, self._seen.facts)
        units = tuple(dict.fromkeys((*failed, *self._seen.moving, *self._seen.silent)))
        self._failures = explain_units(self.contact.host, units, self._seen.facts)

    def _go_back(self, planned: Plan, transaction: Transaction, reason: Reason) -> DeployOutcome:
        """Wait until the host is as before, which it reports itself."""
        until = self.contact.clock.monotonic() + RESTORE_S
        self.progress(begun(planned.host, Stage.END, "going back to what was there before"))
        progressed = None
        try:
            progressed = transaction.go_back(reason.what)
            while progressed.state is not TransactionState.NONE and self.contact.clock.monotonic() < until:
                if progressed.state is TransactionState.BROKEN:
                    break
                self.contact.clock.sleep(_PAUSE_S)
                progressed = transaction.poll()
        except KeyboardInterrupt:
            again = Reason(reason.kind, f"{reason.what}; {_GOES_ON}", reason.hint)
            return self._conclude(planned, progressed, again, DeployStatus.FAILED)
        except HostError as error:
            return self._conclude_lost(planned, progressed, error)
        if progressed.end is TransactionEnd.CONFIRMED:
            return self._conclude_deployed(planned, progressed)
        restored = progressed.end is TransactionEnd.RESTORED
        if progressed.state is TransactionState.BROKEN:
            reason = replace(reason, hint="fix that, then `qtctl recover`: until then deploys are refused")
        elif progressed.state is TransactionState.RESTORING:
            reason = replace(reason, what=f"{reason.what}; {_GOES_ON}")
        return self._conclude(planned, progressed, reason, DeployStatus.RESTORED if restored else DeployStatus.FAILED)

    def _conclude_deployed(self, planned: Plan, progressed: Progressed) -> DeployOutcome:
        """Whatever still does not hold had failed before, and is reported."""
        unfinished = (_UNFINISHED,) if progressed.state is TransactionState.CONFIRMED else ()
        return DeployOutcome(
            plan=planned,
            status=DeployStatus.DEPLOYED,
            results=make_results(planned, progressed),
            outstanding=self._seen.outstanding if self._seen else (),
            moving=self._seen.moving if self._seen else (),
            failed_before=tuple(sorted(self.gate.failed_before)),
            failures=self._failures,
            generation=self._number,
            warnings=(*self._warnings, *unfinished, *progressed.warnings),
        )

    def _conclude_lost(self, planned: Plan, progressed: Progressed | None, error: HostError) -> DeployOutcome:
        what = f"{error.describe_beside(planned.host)}; unless it was confirmed, the host goes back by itself"
        reason = Reason(ReasonKind.HOST_LOST, what, "once it answers, `qtctl deploy` shows its state")
        return self._conclude(planned, progressed, reason, DeployStatus.FAILED, looked=False)

    def _conclude(
        self,
        planned: Plan,
        progressed: Progressed | None,
        reason: Reason,
        status: DeployStatus,
        *,
        looked: bool = True,
    ) -> DeployOutcome:
        outcome = DeployOutcome(
            plan=planned,
            status=status,
            results=make_results(planned, progressed),
            reason=reason,
            failures=self._failures,
            looked=looked and self._seen is not None,
            left=progressed.left if progressed else (),
            worse=progressed.worse if progressed else (),
            gone=progressed.gone if progressed else (),
            generation=self._number,
            warnings=progressed.warnings if progressed else (),
        )
        seen = self._seen
        return outcome if seen is None else replace(outcome, outstanding=seen.outstanding, moving=seen.moving)


def _explain_failed_steps(progressed: Progressed) -> Reason:
    """For a transaction that the host rolls back by itself."""
    failed = any(mark.word == "failed" for mark in progressed.marks.values())
    why = "steps failed" if failed else "; ".join(progressed.why) or "it did not end in time"
    return Reason(ReasonKind.STEPS_FAILED if failed else ReasonKind.NOT_AS_DECLARED, why, AGAIN)


def _conclude_before_start(planned: Plan, status: DeployStatus, reason: Reason | None = None) -> DeployOutcome:
    return DeployOutcome(plan=planned, status=status, results=list_not_run(planned.steps), reason=reason)
