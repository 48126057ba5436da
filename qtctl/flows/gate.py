"""The gate of a deploy: what must hold before it ends well, asked of the host again and again until it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from qtctl.apply.contact import Contact
from qtctl.audit.judge import expectations, judge
from qtctl.collect.collect import collect
from qtctl.errors import HostError
from qtctl.findings.finding import Finding, Outcome
from qtctl.flows.steady import STEADY_S, Steadiness
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host
from qtctl.interfaces.progress import Progress, silent
from qtctl.meaning.deploys import STATUS
from qtctl.meaning.units import is_down, is_settled
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, waiting
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.inquiry import inquiry_of
from qtctl.model.secret import Secret
from qtctl.plan.needs import needs as plan_needs
from qtctl.plan.needs import properties
from qtctl.rules.catalogue import host_rules
from qtctl.rules.loaded_units import loaded_units

DOWN_S = 2.0
"""How long a unit that should be up must have been down before it is not waited for any more."""

SETTLED_S = 5.0
"""How long nothing that is open must have changed, and no unit be on its way, before it is not waited for any more."""

POLL_S = 0.4
NAMED = 2
"""Of what is waited for, as many are named."""

MOVES_BY_ITSELF = ("QT3", "QT5")
"""Families of findings about what a running program does in its own time: listen, read and write streams."""

LOOK_S = 30.0
LAST_LOOK_S = 5.0

LOST_S = 30.0
"""How long a host that went away while it was looked at is tried again."""


def never() -> bool:
    """Of a gate with nothing that could end it from outside."""
    return False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the last look said. `moving`: services that keep restarting. `opened`: nothing is in the way any more.

    `stuck`: nothing could have changed any more, so it was not waited until the end. `ended`: somebody else ended it.
    """

    outstanding: tuple[Finding, ...]
    moving: tuple[str, ...]
    opened: bool
    facts: Facts
    stuck: bool = False
    ended: bool = False
    unlike: tuple[str, ...] = ()
    """What of a restored backup is not on the host as it was."""


class Waits(Protocol):
    """What decides whether a transaction may be confirmed. `desired`: what the host notes of its generation."""

    @property
    def desired(self) -> Desired: ...

    def wait(
        self, contact: Contact, until: float, progress: Progress = silent, *, ended: Callable[[], bool] = never
    ) -> Verdict: ...


_State = tuple[str, str, int, int]
"""A unit's active and sub state, how often it was restarted, and when its process started."""


@dataclass
class _Settled:
    """Since when (monotonic seconds) what is open is as it is, and units are down."""

    open_since: float
    open: frozenset[str] = frozenset()
    down: dict[str, tuple[_State, float]] = field(default_factory=dict)

    def see(self, outstanding: Sequence[Finding], facts: Facts, triggered: frozenset[str], now: float) -> bool:
        """Whether nothing can change any more.

        A unit that failed, or ended, and that systemd does not start again by itself, stays down; then the gate cannot
        open. Without one, everything that is open must be of the kind that does not change by itself.
        """
        fingerprints = frozenset(each.fingerprint for each in outstanding)
        if fingerprints != self.open:
            self.open, self.open_since = fingerprints, now
        units = {each.subject: unit for each in outstanding if (unit := _unit(facts, each)) is not None}
        states = {name: _state(unit) for name, unit in units.items() if is_down(unit) and name not in triggered}
        kept = {name: since for name, (state, since) in self.down.items() if states.get(name) == state}
        self.down = {name: (state, kept.get(name, now)) for name, state in states.items()}
        if any(now - since >= DOWN_S for _, since in self.down.values()):
            return True
        rest = all(each.outcome is Outcome.BROKEN and not each.id.startswith(MOVES_BY_ITSELF) for each in outstanding)
        on_its_way = any(not is_down(unit) and not is_settled(unit) for unit in units.values())
        return bool(outstanding) and rest and not on_its_way and now - self.open_since >= SETTLED_S


def _unit(facts: Facts, finding: Finding) -> Unit | None:
    """The unit that a broken finding is about; None of anything else."""
    item = facts.item(Need(Unit.FACT, finding.subject))
    return facts.read(Unit, finding.subject) if finding.outcome is Outcome.BROKEN and item.state.known else None


def _state(unit: Unit) -> _State:
    return unit.active_state, unit.sub_state, unit.n_restarts, unit.exec_main_start_timestamp


@dataclass(frozen=True, slots=True)
class Gate:
    """How one deploy looks at its host."""

    desired: Desired
    clock: Clock
    passwords: Mapping[str, Secret]
    steady_s: float = STEADY_S
    _deployed: Desired = field(init=False)
    _wanted: frozenset[Need] = field(init=False)

    def __post_init__(self) -> None:
        """Each look asks and judges the same."""
        object.__setattr__(self, "_deployed", _without_others(self.desired))
        object.__setattr__(self, "_wanted", frozenset((STATUS, *plan_needs(self.desired), *_needs(self._deployed))))

    def look(self, host: Host, left_s: float = LOOK_S) -> Evidence:
        """All that the plan and the gate are made from. HostError where the host is gone."""
        shown = properties(self.desired)
        inquiry = inquiry_of(self.desired, self._wanted, passwords=self.passwords, properties=shown)
        return collect(host, inquiry, self.clock, root=True, deadline_s=min(left_s, LOOK_S))

    def outstanding(self, evidence: Evidence) -> tuple[Finding, ...]:
        """What of the gate does not hold, or is unknown."""
        return tuple(each for each in self._judged(evidence) if each.outcome is not Outcome.HOLDS)

    def _judged(self, evidence: Evidence) -> tuple[Finding, ...]:
        gate = {rule.id for rule in host_rules() if rule.gate}
        return tuple(each for each in judge(self._deployed, evidence) if each.id in gate)

    def is_steady(self, evidence: Evidence) -> bool:
        """Whether every service has been up for long enough at this look, and nothing is on its way."""
        watch, facts = Steadiness(self.steady_s), Facts.of(evidence)
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
        before each look. HostError where the host is gone for half a minute, or takes no new connection.
        """
        steady, settled = Steadiness(self.steady_s), _Settled(self.clock.monotonic())
        triggered = frozenset(each.starts for each in self.desired.units() if each.starts)
        refused: HostError | None = None
        while True:
            over = ended()
            evidence = self._look_again(contact, until)
            judged, now, facts = self._judged(evidence), self.clock.monotonic(), Facts.of(evidence)
            outstanding = tuple(each for each in judged if each.outcome is not Outcome.HOLDS)
            steady.see(self.desired, facts, now)
            good = not outstanding and steady.steady
            stuck = settled.see(outstanding, facts, triggered, now)
            late = now >= until
            if late and good and refused is not None and not contact.anew:
                raise refused
            if over or stuck or late or (good and contact.anew):
                opened = good and contact.anew and not over
                return Verdict(outstanding, _restless(steady), opened, facts, stuck, over)
            progress(waiting(self.desired.host, Stage.VERIFY, _waits_for(judged, outstanding, steady)))
            self.clock.sleep(POLL_S)
            if not contact.anew:
                refused = contact.renew_once()

    def _look_again(self, contact: Contact, until: float) -> Evidence:
        lost_at = self.clock.monotonic()
        while True:
            try:
                return self.look(contact.host, max(until - self.clock.monotonic(), LAST_LOOK_S))
            except HostError as error:
                contact.renew(min(lost_at + LOST_S, max(until, lost_at + LAST_LOOK_S)), error)


def _restless(steady: Steadiness) -> tuple[str, ...]:
    return () if steady.steady else steady.moving


def _waits_for(judged: Sequence[Finding], outstanding: Sequence[Finding], steady: Steadiness) -> str:
    """43 of 45 as declared, waiting for a.service (declared running and inactive) and 1 more."""
    every = {each.subject for each in judged}
    open_ = {each.subject: each for each in reversed(outstanding)}
    if not open_:
        return f"{len(every)} of {len(every)} as declared, watching {max(steady.left_s, 0):.0f} s more for restarts"
    named = [f"{name} ({each.title})" for name, each in sorted(open_.items())[:NAMED]]
    more = f" and {len(open_) - NAMED} more" if len(open_) > NAMED else ""
    return f"{len(every) - len(open_)} of {len(every)} as declared, waiting for {', '.join(named)}{more}"


def _without_others(desired: Desired) -> Desired:
    """Without what qtctl does not deploy: whether grafana runs is for an audit to say, not for this gate."""
    return replace(desired, externals=(), retired_units=(), loaded=loaded_units(desired))


def _needs(desired: Desired) -> set[Need]:
    wanted = (expectation for rule, expectation in expectations(desired) if rule.gate)
    return {need for expectation in wanted for need in expectation.needs}
