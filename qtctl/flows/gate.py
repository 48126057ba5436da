"""The gate of a deploy: what must hold before it ends well, asked of the host again and again until it does."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from qtctl.apply.shared import connected
from qtctl.audit.judge import expectations, judge
from qtctl.collect.collect import collect
from qtctl.errors import HostError
from qtctl.findings.finding import Finding, Outcome
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Connector, Host
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.inquiry import inquiry_of
from qtctl.model.secret import Secret
from qtctl.model.states import ServiceState
from qtctl.plan.needs import needs as plan_needs
from qtctl.rules.catalogue import host_rules

STILL_S = 2.0
"""How long restart counts must stand still."""

POLL_S = 0.4
LOOK_S = 30.0
LAST_LOOK_S = 5.0

Counts = dict[str, tuple[int, int]]
"""Unit → how often systemd restarted it, and when its process started (microseconds since the epoch)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the last look said. `moving`: services that keep restarting. `opened`: nothing is in the way any more."""

    outstanding: tuple[Finding, ...]
    moving: tuple[str, ...]
    opened: bool


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


@dataclass
class _Again:
    """A new connection to the host, tried until there is one."""

    connect: Connector
    opened: ExitStack
    host: Host | None = None
    error: HostError | None = None

    def try_once(self) -> None:
        if self.host is not None:
            return
        try:
            self.host = self.opened.enter_context(connected(self.connect))
        except HostError as error:
            self.error = error


@dataclass(frozen=True, slots=True)
class Gate:
    """How one deploy looks at its host."""

    desired: Desired
    clock: Clock
    passwords: Mapping[str, Secret]

    def look(self, host: Host, left_s: float = LOOK_S) -> Evidence:
        """All that the plan and the gate are made from. HostError where the host is gone."""
        wanted = {*plan_needs(self.desired), *_needs(self.desired)}
        inquiry = inquiry_of(self.desired, wanted, passwords=self.passwords)
        return collect(host, inquiry, self.clock, root=True, deadline_s=min(left_s, LOOK_S))

    def outstanding(self, evidence: Evidence) -> tuple[Finding, ...]:
        """What of the gate does not hold, or is unknown."""
        gate = {rule.id for rule in host_rules() if rule.gate}
        found = judge(_deployed(self.desired), evidence)
        return tuple(each for each in found if each.id in gate and each.outcome is not Outcome.HOLDS)

    def wait(self, host: Host, connect: Connector, until: float) -> Verdict:
        """Look until the gate opens, or until `until` (monotonic seconds). At least one look.

        Only a look over a new connection opens it: a host that takes no more logins is not deployed. Connecting falls
        into the time for which restart counts have to stand still. HostError where the host is gone, or takes no new
        connection.
        """
        watch = _Watch(self.clock.monotonic())
        with ExitStack() as opened:
            again = _Again(connect, opened)
            while True:
                evidence = self.look(again.host or host, max(until - self.clock.monotonic(), LAST_LOOK_S))
                outstanding, now = self.outstanding(evidence), self.clock.monotonic()
                watch.see(_counts(self.desired, Facts.of(evidence)), now)
                good = not outstanding and watch.still(now)
                if now >= until or (good and again.host):
                    return _verdict(outstanding, watch, again, now)
                self.clock.sleep(POLL_S)
                again.try_once()


def _verdict(outstanding: tuple[Finding, ...], watch: _Watch, again: _Again, now: float) -> Verdict:
    still = watch.still(now)
    if not outstanding and still and again.host is None and again.error is not None:
        raise again.error
    opened = not outstanding and still and again.host is not None
    return Verdict(outstanding, () if still else watch.moving, opened)


def _deployed(desired: Desired) -> Desired:
    """Without what qtctl does not deploy: whether grafana runs is for an audit to say, not for this gate."""
    return replace(desired, externals=(), retired_units=())


def _needs(desired: Desired) -> set[Need]:
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
