"""Take a backup of a host, or restore one: planned, carried out by a deploy's transaction, and verified."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from qtctl.apply.contact import Contact
from qtctl.apply.shared import share_connection
from qtctl.errors import DeployRefused, HostError, InputError, refuse_unchanged
from qtctl.flows.deploy import carry_out
from qtctl.flows.found import is_first
from qtctl.flows.gate import LAST_LOOK_S, LOST_S, POLL_S, Verdict, never
from qtctl.flows.identity import require_facts
from qtctl.flows.installed import InstalledState, look_at_installed, make_backup
from qtctl.flows.steady import Steadiness, start_of
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Connector, Host
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.backup import Backup, Installed
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, waiting
from qtctl.model.plan import Plan, Refusal
from qtctl.plan import identity, under_way
from qtctl.plan.fleet_names import FleetNames
from qtctl.plan.outcome import DeployOutcome, DeployStatus, refuse_obstructed
from qtctl.plan.restore import Restore, list_baseline_units, list_files, list_units_unlike, list_unlike
from qtctl.plan.restore_aim import Aim

_DOWN_S = 6.0
"""How long something must differ, with no unit starting or stopping, before it is not waited for any more."""


class Planned(NamedTuple):
    """`before`: a backup of the host as it is now."""

    plan: Plan
    before: Backup
    look: InstalledState


def take(host: Host, desired: Desired, clock: Clock, about: Mapping[str, str]) -> Backup:
    """Take a backup. HostError if the host could not be read; DeployRefused if it is not the declared one, or if a
    deploy is changing it: half of the files would be of another state.

    `about`: target, by, version and registry.
    """
    look = look_at_installed(host, desired, clock, FleetNames.of(desired))
    require_facts(desired, look.facts)
    if (change := under_way.find_change(desired.host, look.facts)) is not None:
        raise DeployRefused(f"no backup was taken: {change.reason}", host=desired.host, hint=change.hint)
    return make_backup(look, desired, clock, about)


def check(aim: Aim, desired: Desired, where: str) -> None:
    """Check what needs no host. InputError if it belongs to another host, or holds more than the fleet's files."""
    if misfit := aim.find_misfit(desired):
        raise InputError(f"{where}: the backup {misfit.what}", hint=misfit.hint)


def plan_restore(
    host: Host,
    desired: Desired,
    clock: Clock,
    aim: Aim,
    about: Mapping[str, str],
) -> Planned:
    """HostError if the host could not be read."""
    look = look_at_installed(host, desired, clock, aim.names, aim.list_asked())
    before = make_backup(look, desired, clock, about)
    planned = Restore(aim, look.installed, look.units, look.others, look.stop_along).plan()
    planned = replace(planned, machine=look.host.machine)
    meant = tuple(identity.find_obstacles(desired, look.facts)) or _check_machine(aim, look)
    if refusals := (*meant, *under_way.find_obstacles(desired.host, look.facts)):
        planned = Plan(planned.host, (), refusals, machine=look.host.machine)
    return Planned(planned, before, look)


def _check_machine(aim: Aim, look: InstalledState) -> list[Refusal]:
    manifest, host, words = aim.backup.manifest, look.host, aim.words
    hint = "see which host its address and your ssh config lead to"
    if manifest.machine != host.machine:
        what = f"another machine than {words.name} was taken of ({manifest.hostname}): its machine id differs"
        return [Refusal(manifest.host, what, hint)]
    if manifest.hostname != host.hostname:
        what = f"the host is called {host.hostname}, and was called {manifest.hostname} in {words.name}"
        return [Refusal(manifest.host, what, hint)]
    return []


def restore(
    connect: Connector,
    desired: Desired,
    clock: Clock,
    aim: Aim,
    *,
    confirm: Callable[[Planned], bool],
    progress: Progress,
    deadline_s: float,
    steady_s: float,
    about: Mapping[str, str],
) -> DeployOutcome:
    """Bring the host back to the backup, and check it; otherwise it returns to the state before.

    DeployRefused if it could not be reached or read.
    """
    with ExitStack() as opened:
        try:
            host = opened.enter_context(share_connection(connect))
            found = plan_restore(host, desired, clock, aim, about)
        except HostError as error:
            raise refuse_unchanged(error) from error
        planned = found.plan
        if planned.refusals:
            return refuse_obstructed(planned)
        if not planned.changes:
            return DeployOutcome(plan=planned, status=DeployStatus.UNCHANGED)
        kept = replace(desired, files=list_files(aim.backup))
        gate = RestoreGate(kept, desired, clock, aim, found.look.installed, steady_s)
        return carry_out(
            Contact(host, connect, clock, opened),
            planned,
            gate,
            confirm=lambda _: confirm(found),
            progress=progress,
            deadline_s=deadline_s,
            about={**about, aim.words.note: aim.backup.manifest.taken_at},
            units=list_baseline_units(planned, found.look.units),
            found=(lambda: found.before) if is_first(found.look.facts) else None,
        )


@dataclass(frozen=True)
class RestoreGate:
    """Opens once the host is as in the backup. `planned_on`: what was there when the restore was planned."""

    desired: Desired
    declared: Desired
    """The registry's declaration: the host is asked by its names."""
    clock: Clock
    aim: Aim
    planned_on: Installed
    steady_s: float
    failed_before: frozenset[str] = frozenset()
    """Empty: whatever the state of a unit was, it must be as in the backup."""

    @property
    def goal(self) -> str:
        return f"as in {self.aim.words.name}"

    @property
    def again(self) -> str:
        return f"fix that, then {self.aim.words.again}"

    def wait(
        self,
        contact: Contact,
        until: float,
        progress: Progress = silent,
        *,
        ended: Callable[[], bool] = never,
    ) -> Verdict:
        """As Gate.wait: only a look over a new connection opens it."""
        steady = Steadiness(self.steady_s)
        same_since, last = self.clock.monotonic(), None
        while True:
            over, look = ended(), self._look(contact, until)
            now = self.clock.monotonic()
            unlike = (
                *list_unlike(self.aim, look.installed, self.planned_on),
                *list_units_unlike(self.aim, look.units),
            )
            steady.see_starts({unit: start_of(look.facts, unit) for unit in self._list_watched(look)}, look.facts, now)
            state = unlike, tuple(sorted((each.unit, each.active) for each in look.units.values()))
            if state != last:
                last, same_since = state, now
            stuck = bool(unlike) and now - same_since >= _DOWN_S
            good = not unlike and steady.steady
            if over or stuck or now >= until or (good and contact.anew):
                moving = () if steady.steady else steady.moving
                return Verdict((), moving, good and contact.anew and not over, look.facts, stuck, over, unlike)
            said = f"waiting for {unlike[0]}" if unlike else f"watching {max(steady.left_s, 0):.0f} s more for restarts"
            progress(waiting(self.desired.host, Stage.VERIFY, said))
            self.clock.sleep(POLL_S)
            if not contact.anew:
                contact.renew_once()

    def _list_watched(self, look: InstalledState) -> list[str]:
        """Services that were up, and that only a boot or a person starts."""
        then = (each for each in self.aim.backup.manifest.units if each.is_active and each.unit.endswith(".service"))
        return [
            each.unit
            for each in then
            if not each.triggered_by and each.unit in look.units and _is_running(look, each.unit)
        ]

    def _look(self, contact: Contact, until: float) -> InstalledState:
        lost_at = self.clock.monotonic()
        more = self.aim.list_asked()
        read = partial(look_at_installed, desired=self.declared, clock=self.clock, names=self.aim.names, more=more)
        while True:
            try:
                return read(contact.host)
            except HostError as error:
                contact.renew(min(lost_at + LOST_S, max(until, lost_at + LAST_LOOK_S)), error)


def _is_running(look: InstalledState, unit: str) -> bool:
    """A oneshot that remains active has no process that could restart."""
    return look.units[unit].sub != "exited"
