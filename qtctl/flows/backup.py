"""Take a backup of a host, or restore one: planned, carried out by a deploy's transaction, and verified."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, NamedTuple

from qtctl.apply.contact import Contact
from qtctl.apply.shared import share_connection
from qtctl.collect.ledger import format_time
from qtctl.errors import DeployRefused, HostError, InputError
from qtctl.flows.deploy import carry_out
from qtctl.flows.gate import LAST_LOOK_S, LOST_S, POLL_S, Verdict, never
from qtctl.flows.identity import require_facts
from qtctl.flows.installed import InstalledState, look_at_installed
from qtctl.flows.steady import Steadiness, start_of
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Connector, Host
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.backup import FORMAT, Backup, Installed, Manifest
from qtctl.model.desired import Desired, DesiredFile
from qtctl.model.events import Stage, waiting
from qtctl.model.origin import Origin
from qtctl.model.plan import Plan, Refusal
from qtctl.plan import identity, under_way
from qtctl.plan.fleet_names import FleetNames
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind
from qtctl.plan.restore import (
    Restore,
    find_strangers,
    list_asked,
    list_baseline_units,
    list_units_unlike,
    list_unlike,
)

_DOWN_S = 6.0
"""How long something must differ, with no unit starting or stopping, before it is not waited for any more."""


class Planned(NamedTuple):
    """`before`: a backup of the host as it is now."""

    plan: Plan
    before: Backup
    look: InstalledState


def take(host: Host, desired: Desired, clock: Clock, about: Mapping[str, str]) -> Backup:
    """Take a backup. HostError if the host could not be read; DeployRefused if it is not the declared one.

    `about`: target, by, version and registry.
    """
    look = look_at_installed(host, desired, clock, FleetNames.of(desired))
    require_facts(desired, look.facts)
    return _make_backup(look, desired, clock, about)


def _make_backup(look: InstalledState, desired: Desired, clock: Clock, about: Mapping[str, str]) -> Backup:
    manifest = Manifest(
        format=FORMAT,
        fleet=desired.fleet,
        host=desired.host,
        address=about.get("target", ""),
        hostname=look.host.hostname,
        machine=look.host.machine,
        taken_at=format_time(clock.now()),
        by=about.get("by", ""),
        version=about.get("version", ""),
        registry=about.get("registry", ""),
        generation="",
        entries=look.installed.entries,
        units=tuple(look.units[unit] for unit in sorted(look.units)),
    )
    return Backup(manifest, look.installed.contents)


def check(backup: Backup, desired: Desired, where: str) -> None:
    """Check what needs no host. InputError if it belongs to another host, or holds more than the fleet's files."""
    manifest = backup.manifest
    if (manifest.fleet, manifest.host) != (desired.fleet, desired.host):
        what = f"{where}: a backup of {manifest.host} of {manifest.fleet}, and not of {desired.host} of {desired.fleet}"
        raise InputError(what, hint="qtctl backup list shows those of each host")
    if strangers := find_strangers(backup, FleetNames.of(desired)):
        more = f" (and {len(strangers) - 1} more)" if strangers[1:] else ""
        what = f"{where}: it holds {strangers[0]}{more}, whose name does not belong to {desired.fleet}"
        hint = "only units that the registry names, or that match its unit_patterns, are restored"
        raise InputError(what, hint=hint)


def plan_restore(host: Host, desired: Desired, clock: Clock, backup: Backup, about: Mapping[str, str]) -> Planned:
    """HostError if the host could not be read."""
    names = FleetNames.of(desired)
    look = look_at_installed(host, desired, clock, names, list_asked(backup, names))
    before = _make_backup(look, desired, clock, about)
    planned = Restore(backup, look.installed, look.units, names, look.others, look.stop_along).plan()
    planned = replace(planned, machine=look.host.machine)
    meant = tuple(identity.find_obstacles(desired, look.facts)) or _check_machine(backup, look)
    if refusals := (*meant, *under_way.find_obstacles(desired.host, look.facts)):
        planned = Plan(planned.host, (), refusals, machine=look.host.machine)
    return Planned(planned, before, look)


def _check_machine(backup: Backup, look: InstalledState) -> list[Refusal]:
    manifest, host = backup.manifest, look.host
    hint = "see which host its address and your ssh config lead to"
    if manifest.machine != host.machine:
        what = f"another machine than the backup was taken of ({manifest.hostname}): its machine id differs"
        return [Refusal(manifest.host, what, hint)]
    if manifest.hostname != host.hostname:
        what = f"the host is called {host.hostname}, and was called {manifest.hostname} in the backup"
        return [Refusal(manifest.host, what, hint)]
    return []


def restore(
    connect: Connector,
    desired: Desired,
    clock: Clock,
    backup: Backup,
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
            found = plan_restore(host, desired, clock, backup, about)
        except HostError as error:
            raise DeployRefused(f"nothing was changed: {error.what}", hint=error.hint, place=error.place) from error
        planned = found.plan
        if planned.refusals:
            first = planned.refusals[0]
            kind = ReasonKind.LOCKED if first.holder else ReasonKind.IN_THE_WAY
            reason = Reason(kind, f"{first.subject}: {first.reason}", first.hint, first.holder)
            return DeployOutcome(plan=planned, status=DeployStatus.REFUSED, reason=reason)
        if not planned.changes:
            return DeployOutcome(plan=planned, status=DeployStatus.UNCHANGED)
        kept = replace(desired, files=tuple(_list_files(backup)))
        gate = RestoreGate(kept, desired, clock, backup, found.look.installed, steady_s)
        return carry_out(
            Contact(host, connect, clock, opened),
            planned,
            gate,
            confirm=lambda _: confirm(found),
            progress=progress,
            deadline_s=deadline_s,
            about={**about, "backup": backup.manifest.taken_at},
            units=list_baseline_units(planned, found.look.units),
        )


def _list_files(backup: Backup) -> list[DesiredFile]:
    """What the generation of a restore keeps on the host."""
    files = (each for each in backup.manifest.entries if each.has_content)
    return [
        DesiredFile(each.path, b"", each.mode, each.owner, each.group, each.sha256, "unit", each.path, Origin("backup"))
        for each in files
    ]


@dataclass(frozen=True)
class RestoreGate:
    """Opens once the host is as in the backup. `planned_on`: what was there when the restore was planned."""

    goal: ClassVar[str] = "as in the backup"
    again: ClassVar[str] = "fix that, then restore again"

    desired: Desired
    declared: Desired
    """The registry's declaration: the host is asked by its names."""
    clock: Clock
    backup: Backup
    planned_on: Installed
    steady_s: float
    failed_before: frozenset[str] = frozenset()
    """Empty: whatever the state of a unit was, it must be as in the backup."""

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
                *list_unlike(self.backup, look.installed, self.planned_on),
                *list_units_unlike(self.backup, look.units),
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
        then = (each for each in self.backup.manifest.units if each.up and each.unit.endswith(".service"))
        return [
            each.unit
            for each in then
            if not each.triggered_by and each.unit in look.units and _is_running(look, each.unit)
        ]

    def _look(self, contact: Contact, until: float) -> InstalledState:
        lost_at = self.clock.monotonic()
        names = FleetNames.of(self.declared)
        more = list_asked(self.backup, names)
        read = partial(look_at_installed, desired=self.declared, clock=self.clock, names=names, more=more)
        while True:
            try:
                return read(contact.host)
            except HostError as error:
                contact.renew(min(lost_at + LOST_S, max(until, lost_at + LAST_LOOK_S)), error)


def _is_running(look: InstalledState, unit: str) -> bool:
    """A oneshot that remains active has no process that could restart."""
    return look.units[unit].sub != "exited"
