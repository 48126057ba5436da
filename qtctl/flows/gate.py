"""The gate of a deploy: what must hold before it ends well, checked on the host again and again until it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from qtctl.apply.contact import Contact
from qtctl.apply.ran import finish_reading, start_reading
from qtctl.audit.judge import Expected, expect_for_gate, judge, list_expectations
from qtctl.collect import commands, units
from qtctl.collect.collect import ALWAYS, collect
from qtctl.dialects.wording import join_some
from qtctl.errors import HostError
from qtctl.findings.finding import Finding, Outcome
from qtctl.flows.plan_host import plan_host
from qtctl.flows.settled import SETTLED_S, Settled
from qtctl.flows.steady import RESTART_DELAYS, STEADY_S, Steadiness, list_starts
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host, Running
from qtctl.interfaces.progress import Progress, silent
from qtctl.meaning.deploys import STATUS
from qtctl.model.desired import Desired
from qtctl.model.desired_loaded import LoadedUnit
from qtctl.model.events import Stage, waiting
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts
from qtctl.model.inquiry import build_inquiry
from qtctl.model.plan import NO_CHOICES, Choices
from qtctl.model.secret import Secret
from qtctl.plan.failed_before import find_excused
from qtctl.plan.needs import list_needs as plan_needs
from qtctl.plan.needs import list_properties
from qtctl.plan.preflight import JOBS
from qtctl.plan.remaining import list_remaining
from qtctl.plan.silent_streams import Silent, list_silent
from qtctl.plan.silent_streams import list_needs as stream_needs
from qtctl.plan.unit_goals import list_seen_files

POLL_S = 0.4
NAMED = 2
"""How many of the things that it waits for are named."""

LOOK_S = 30.0
LAST_LOOK_S = 5.0

LOST_S = 30.0
"""How long to retry a host that was lost while it was looked at."""


def never() -> bool:
    """The default for a gate that nothing can end early."""
    return False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of the last look. `opened`: nothing is in the way any more.

    `outstanding`: what does not hold, or is unknown. `moving`: services that keep restarting. `stuck`: nothing could
    have changed any more, so the wait was cut short. `ended`: someone else ended the transaction.
    """

    outstanding: tuple[Finding, ...]
    moving: tuple[str, ...]
    opened: bool
    facts: Facts
    stuck: bool = False
    ended: bool = False
    remaining: tuple[str, ...] = ()
    """What else is not as it should be, one sentence each."""
    silent: tuple[str, ...] = ()
    """Services that have written nothing since they were restarted."""


class Waits(Protocol):
    """Decides whether a transaction may be confirmed.

    `goal`: what the host must be; `again`: what to do if it is not. `failed_before`: units that had failed before
    anything was changed.
    """

    @property
    def goal(self) -> str: ...

    @property
    def again(self) -> str: ...

    @property
    def desired(self) -> Desired:
        """What the host records about its generation."""
        ...

    @property
    def failed_before(self) -> frozenset[str]: ...

    def wait(
        self,
        contact: Contact,
        until: float,
        progress: Progress = silent,
        *,
        ended: Callable[[], bool] = never,
    ) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Gate:
    """How one deploy looks at its host. `choices`: of its plan. Every look asks and judges the same."""

    goal: ClassVar[str] = "as declared"
    again: ClassVar[str] = "fix that, then deploy again"

    desired: Desired
    clock: Clock
    passwords: Mapping[str, Secret]
    steady_s: float
    choices: Choices
    deployed: Desired
    """The part of `desired` that is judged."""
    wanted: frozenset[Need]
    expected: Expected
    """What a deploy waits for."""
    failed_before: frozenset[str] = frozenset()
    before: Facts | None = None
    """The host before anything was changed."""
    restart_delays: int = RESTART_DELAYS

    @classmethod
    def of(
        cls,
        desired: Desired,
        clock: Clock,
        passwords: Mapping[str, Secret],
        steady_s: float = STEADY_S,
        choices: Choices = NO_CHOICES,
        *,
        restart_delays: int = RESTART_DELAYS,
    ) -> "Gate":
        deployed = _drop_others(desired)
        expected = expect_for_gate(deployed)
        needed = (need for _, each in expected for need in each.needs)
        wanted = frozenset((STATUS, JOBS, *plan_needs(desired), *needed, *stream_needs(desired)))
        return cls(
            desired, clock, passwords, steady_s, choices, deployed, wanted, expected, restart_delays=restart_delays
        )

    def look(self, host: Host, left_s: float = LOOK_S) -> Evidence:
        """Everything that the plan and the gate need. HostError if the connection is lost."""
        shown = list_properties(self.desired)
        inquiry = build_inquiry(self.desired, self.wanted, passwords=self.passwords, properties=shown)
        return collect(host, inquiry, self.clock, root=True, deadline_s=min(left_s, LOOK_S))

    def look_and_read(self, host: Host, left_s: float = LOOK_S) -> tuple[Evidence, Running | None]:
        """A look, and at the same time what processes have read.

        If that leaves too few sessions, look again without it.
        """
        reading = start_reading(host, list_seen_files(self.desired))
        evidence = self.look(host, left_s)
        facts = Facts.of(evidence)
        if reading is None or all(facts.find_item(each).state.known for each in (commands.REACH, units.REACH)):
            return evidence, reading
        finish_reading(reading, LOOK_S)
        return self.look(host, left_s), None

    def list_outstanding(self, evidence: Evidence) -> tuple[Finding, ...]:
        """The gate's checks that do not hold, or are unknown."""
        return tuple(each for each in self.judge(evidence) if each.outcome is not Outcome.HOLDS)

    def judge(self, evidence: Evidence) -> tuple[Finding, ...]:
        """The checks that a deploy waits for. If one does not hold, other rules may say why."""
        found = judge(self.deployed, evidence, only=self.expected)
        if all(each.outcome is Outcome.HOLDS for each in found):
            return found
        gate = {rule.id for rule, _ in self.expected}
        explained = judge(self.deployed, evidence, only=_select_answerable(self.deployed, self.wanted | ALWAYS))
        return tuple(each for each in explained if each.id in gate)

    def is_steady(self, evidence: Evidence) -> bool:
        """Whether every service has been up for long enough at this look, and nothing is starting or stopping."""
        watch, facts = Steadiness(self.steady_s, self.restart_delays), Facts.of(evidence)
        watch.see(self.desired, facts, self.clock.monotonic())
        return watch.steady

    def wait(
        self,
        contact: Contact,
        until: float,
        progress: Progress = silent,
        *,
        ended: Callable[[], bool] = never,
    ) -> Verdict:
        """Look until the gate opens, nothing can change any more, or `until` (monotonic seconds). At least one look.

        Only a look over a new connection opens it: a host that takes no more logins is not deployed. `ended` is asked
        between two looks. HostError if the host is gone for half a minute, or takes no new connection.
        """
        watch = _Watch(self, until)
        refused: HostError | None = None
        over = False
        while True:
            if not contact.anew and self.clock.monotonic() < until:
                refused = contact.renew_once()
            evidence, reading = self._look_again(contact, until, last=contact.anew and watch.may_be_good)
            watch.see(evidence)
            late = self.clock.monotonic() >= until
            good = watch.is_good(late=late)
            if late and good and refused is not None and not contact.anew:
                raise refused
            remaining = self._list_remaining(contact, evidence, reading) if good and contact.anew else ()
            stuck = watch.is_stuck(remaining)
            opened = good and contact.anew and not over and not remaining
            if over or stuck or late or opened:
                return watch.conclude(remaining, opened=opened, stuck=stuck, ended=over)
            progress(waiting(self.desired.host, Stage.VERIFY, watch.describe(remaining)))
            self.clock.sleep(POLL_S)
            over = ended()

    def _list_remaining(self, contact: Contact, evidence: Evidence, reading: Running | None) -> tuple[str, ...]:
        """What a new plan of the host would change: someone else was there in between, or a change had no effect."""
        choices = replace(self.choices, expected=None, cut_over=False, under_way=True)
        planned = plan_host(contact.host, self.desired, evidence, self.clock, choices, reading=reading)
        return list_remaining(self.desired, planned, Facts.of(evidence), self.failed_before)

    def _look_again(self, contact: Contact, until: float, *, last: bool) -> tuple[Evidence, Running | None]:
        """`last`: the gate may open after this look, so it must be known what processes have read."""
        lost_at = self.clock.monotonic()
        while True:
            left_s = max(until - self.clock.monotonic(), LAST_LOOK_S)
            try:
                return self.look_and_read(contact.host, left_s) if last else (self.look(contact.host, left_s), None)
            except HostError as error:
                contact.renew(min(lost_at + LOST_S, max(until, lost_at + LAST_LOOK_S)), error)


@dataclass
class _Watch:
    """What the looks of one gate have shown so far.

    What had failed before is waited for, but does not close the gate.
    """

    gate: Gate
    until: float
    began: float = field(init=False)
    judged: tuple[Finding, ...] = field(default=(), init=False)
    facts: Facts = field(init=False)
    steady: Steadiness = field(init=False)
    _recovering: Steadiness = field(init=False)
    """Of what had failed before: at one look, a service in a restart loop may be up."""
    _settled: Settled = field(init=False)
    _stuck: bool = field(default=False, init=False)
    _excused: frozenset[str] = field(default=frozenset(), init=False)
    _remaining: tuple[tuple[str, ...], float] = field(default=((), 0.0), init=False)
    _silent: tuple[Silent, ...] = field(default=(), init=False)
    """Streams that are waited for, and those that had no entry in time."""

    def __post_init__(self) -> None:
        self.began = self.gate.clock.monotonic()
        self.steady = Steadiness(self.gate.steady_s, self.gate.restart_delays)
        self._recovering = Steadiness(self.gate.steady_s, self.gate.restart_delays)
        self._settled = Settled(self.began)
        self._triggered = frozenset(each.starts for each in self.gate.desired.units() if each.starts)

    @property
    def outstanding(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.judged if each.outcome is not Outcome.HOLDS)

    @property
    def _blocking(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.outstanding if each.fingerprint not in self._excused)

    def see(self, evidence: Evidence) -> None:
        now = self.gate.clock.monotonic()
        self.judged, self.facts = self.gate.judge(evidence), Facts.of(evidence)
        self._excused = find_excused(self.outstanding, self.gate.failed_before)
        starts, failed_before = list_starts(self.gate.desired, self.facts), self.gate.failed_before
        recovering = {unit: start for unit, start in starts.items() if unit in failed_before}
        self._recovering.see_starts(recovering, self.facts, now)
        self.steady.see_starts(
            {unit: start for unit, start in starts.items() if unit not in recovering}, self.facts, now
        )
        self._silent = self._list_silent(now)
        self._stuck = self._settled.see(self._blocking, self.facts, self._triggered, now)
        self._stuck = self._stuck or any(each.over for each in self._silent)

    def _list_silent(self, now: float) -> tuple[Silent, ...]:
        """Without streams for which it cannot be told in time."""
        if self.gate.before is None:
            return ()
        found = list_silent(self.gate.desired, self.gate.before, self.facts)
        return tuple(each for each in found if each.over or each.left_s <= self.until - now)

    @property
    def may_be_good(self) -> bool:
        """Whether the next look could be the last, judging by the earlier ones."""
        if not self.judged:
            return self.gate.steady_s <= POLL_S
        return not self._blocking and self.steady.left_s <= POLL_S

    def is_good(self, *, late: bool) -> bool:
        """`late`: nothing is waited for any more."""
        if self._blocking or self._silent or not self.steady.steady:
            return False
        recovered = not self._excused and self._recovering.steady
        waited = self.gate.clock.monotonic() - self.began
        return late or recovered or waited >= max(self.gate.steady_s, SETTLED_S)

    def is_stuck(self, remaining: tuple[str, ...]) -> bool:
        now = self.gate.clock.monotonic()
        if remaining != self._remaining[0]:
            self._remaining = remaining, now
        return self._stuck or (bool(remaining) and now - self._remaining[1] >= SETTLED_S)

    def conclude(self, remaining: tuple[str, ...], *, opened: bool, stuck: bool, ended: bool) -> Verdict:
        moving = tuple(unit for each in (self.steady, self._recovering) if not each.steady for unit in each.moving)
        silent = tuple(dict.fromkeys(each.producer for each in self._silent))
        remaining = (*map(str, self._silent), *remaining)
        return Verdict(self.outstanding, moving, opened, self.facts, stuck, ended, remaining, silent)

    def describe(self, remaining: tuple[str, ...]) -> str:
        if not remaining and not self._blocking and self._silent:
            return f"waiting: {self._silent[0]}"
        return f"waiting: {remaining[0]}" if remaining else _describe_wait(self.judged, self.outstanding, self.steady)


def _describe_wait(judged: Sequence[Finding], outstanding: Sequence[Finding], steady: Steadiness) -> str:
    """43 of 45 as declared, waiting for a.service (declared running and inactive) and 1 more."""
    every = {each.subject for each in judged}
    open_ = {each.subject: each for each in reversed(outstanding)}
    if not open_:
        return f"{len(every)} of {len(every)} as declared, watching {max(steady.left_s, 0):.0f} s more for restarts"
    named = [f"{name} ({each.title})" for name, each in sorted(open_.items())]
    return f"{len(every) - len(open_)} of {len(every)} as declared, waiting for {join_some(named, NAMED)}"


def _drop_others(desired: Desired) -> Desired:
    """Drop what qtctl does not deploy: whether grafana runs is for an audit, not for this gate."""
    return replace(desired, externals=(), retired_units=(), loaded=desired.loaded or _list_loaded_units(desired))


def _list_loaded_units(desired: Desired) -> tuple[LoadedUnit, ...]:
    from qtctl.rules.loaded_units import list_loaded_units  # noqa: PLC0415 - pydantic's models, which most deploys do without

    return list_loaded_units(desired)


def _select_answerable(desired: Desired, wanted: frozenset[Need]) -> Expected:
    """What the gate waits for, and of other rules those for which `wanted` is enough."""
    return tuple(each for each in list_expectations(desired) if each[0].gate or wanted.issuperset(each[1].needs))
