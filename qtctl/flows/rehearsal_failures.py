"""The failures that a rehearsal causes on its throwaway host, one by one, and how the fleet copes with each."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import join

from qtctl.errors import LabError
from qtctl.findings.finding import Finding, Outcome
from qtctl.flows.throwaway_host import NAME, ThrowawayHost, Waited, has_started, now_us
from qtctl.lab import lab
from qtctl.meaning.units import get_start_us, is_active
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.facts import Facts, Unit
from qtctl.model.rehearsal import Failure, StepKind
from qtctl.plan.rehearsed import RehearsedStep
from qtctl.reports.phrases import format_count
from qtctl.stage.kill_batches import describe_restart, list_killed, make_batches

FULL_S = 2.0
"""How long the disk stays full."""
REPAIRED_S = 10.0
_S = 1e6


@dataclass(frozen=True, slots=True)
class Scene:
    """A host on which `desired` is deployed; after each failure it has `within_s` to be as declared again."""

    host: ThrowawayHost
    desired: Desired
    within_s: float
    tell: Callable[[str], None]

    def forget(self, waited: Waited) -> None:
        """What is still open after one failure is not counted again after the next."""
        self.host.forget(waited.open)


def kill_services(scene: Scene) -> Iterator[RehearsedStep]:
    """Kill every service; those without dependencies on each other at the same time."""
    every = list_killed(scene.desired)
    facts = scene.host.seen
    batches = make_batches(each for each in every if _is_running(facts, each))
    for number, batch in enumerate(batches, 1):
        of = f", batch {number} of {len(batches)}" if len(batches) > 1 else ""
        scene.tell(f"killing {format_count(len(batch), 'service')}{of}")
        yield from _kill_batch(scene, batch)
    for service in every:
        if not _is_running(facts, service):
            said = "it did not run before, and was not killed"
            yield RehearsedStep(kind=StepKind.KILL, subject=service.unit, outcome=Outcome.NOT_ASKED, said=said)
    if not every:
        yield _make_step(scene, StepKind.KILL, Outcome.NOT_ASKED, "no service is declared running", 0.0)


def _is_running(facts: Facts, service: DesiredService) -> bool:
    found = facts.find(Unit, service.unit)
    return found is not None and is_active(found.active_state)


def _kill_batch(scene: Scene, batch: Sequence[DesiredService]) -> Iterator[RehearsedStep]:
    units = [each.unit for each in batch]
    since_us = now_us()
    # It fails for a unit that has just ended, which is then judged like the others.
    scene.host.run(f"{join(['systemctl', 'kill', '--signal=SIGKILL', '--', *units])} || true")
    waited = scene.host.wait(scene.desired, scene.within_s, units, since_us)
    for service in batch:
        own = tuple(each for each in waited.open if each.subject == service.unit)
        yield _judge_killed(service, own, waited, since_us)
    others = tuple(each for each in waited.open if each.subject not in units)
    if others:
        yield _judge(scene, StepKind.KILL, others, waited.took_s, "the services came back, and not all they serve")
    if waited.open or not all(has_started(waited.facts, unit, since_us) for unit in units):
        down = {each.subject for each in waited.open} & {each.unit for each in list_killed(scene.desired)}
        _repair(scene, sorted({*units, *down}))


def _judge_killed(service: DesiredService, own: tuple[Finding, ...], waited: Waited, since_us: int) -> RehearsedStep:
    unit, facts = service.unit, waited.facts
    came_back = has_started(facts, unit, since_us)
    found = facts.find(Unit, unit)
    if found is not None and came_back and not own:
        took_s = (get_start_us(found) - since_us) / _S
        return RehearsedStep(
            kind=StepKind.KILL,
            subject=unit,
            outcome=Outcome.HOLDS,
            said=f"runs again after {took_s:.1f} s",
            took_s=took_s,
        )
    state = f"{found.active_state} ({found.sub_state})" if found is not None else "its state could not be read"
    said = (
        "it runs again, not as declared"
        if came_back
        else f"it does not run again: {state}, {describe_restart(service)}"
    )
    outcome = Outcome.UNKNOWN if found is None else Outcome.BROKEN
    return RehearsedStep(
        kind=StepKind.KILL, subject=unit, outcome=outcome, said=said, findings=own, took_s=waited.took_s
    )


def _repair(scene: Scene, units: Sequence[str]) -> None:
    """So that the next failure finds a running fleet, as far as a start brings it back."""
    named = join(["--", *units])
    scene.host.run(f"systemctl reset-failed {named} || true; systemctl start {named} || true")
    scene.forget(scene.host.wait(scene.desired, min(REPAIRED_S, scene.within_s)))


def restart_redis(scene: Scene) -> Iterator[RehearsedStep]:
    units = tuple(dict.fromkeys(store.unit for store in scene.desired.stores))
    if not units:
        yield _make_step(scene, StepKind.REDIS, Outcome.NOT_ASKED, "the host has no Redis of the fleet's", 0.0)
        return
    scene.tell(f"restarting {', '.join(units)}")
    since_us = now_us()
    scene.host.run(join(["systemctl", "restart", "--", *units]))
    waited = scene.host.wait(scene.desired, scene.within_s, units, since_us)
    yield _judge(scene, StepKind.REDIS, waited.open, waited.took_s, f"{', '.join(units)} restarted")
    scene.forget(waited)


def reboot(scene: Scene) -> Iterator[RehearsedStep]:
    scene.tell("rebooting")
    began = time.monotonic()
    try:
        lab.reboot(NAME, scene.host.progress)
    except LabError as error:
        yield _make_step(scene, StepKind.REBOOT, Outcome.BROKEN, f"it did not come up again: {error.what}", began)
        return
    waited = scene.host.wait(scene.desired, scene.within_s)
    yield _judge(scene, StepKind.REBOOT, waited.open, time.monotonic() - began, "it rebooted")
    scene.forget(waited)


def fill_disk(scene: Scene) -> Iterator[RehearsedStep]:
    began = time.monotonic()
    scene.tell("filling its disk")
    lab.fill_disk(NAME)
    try:
        time.sleep(FULL_S)
        during = _list_ended(scene)
    finally:
        lab.free_disk(NAME)
    waited = scene.host.wait(scene.desired, scene.within_s)
    step = _judge(scene, StepKind.DISK_FULL, waited.open, time.monotonic() - began, f"full for {FULL_S:.0f} s")
    yield replace(step, details=during)
    scene.forget(waited)


def _list_ended(scene: Scene) -> tuple[str, ...]:
    states = scene.host.read_states([each.unit for each in list_killed(scene.desired)])
    return tuple(f"while it was full: {unit} was {state}" for unit, state in states.items() if not is_active(state))


def _judge(scene: Scene, kind: StepKind, open_: tuple[Finding, ...], took_s: float, what: str) -> RehearsedStep:
    broken = any(each.outcome is Outcome.BROKEN for each in open_)
    outcome = Outcome.BROKEN if broken else Outcome.UNKNOWN if open_ else Outcome.HOLDS
    left = (
        f"{format_count(len(open_), 'check is', 'checks are')} open that held before" if open_ else "as declared again"
    )
    return RehearsedStep(
        kind=kind, subject=scene.desired.host, outcome=outcome, said=f"{what}: {left}", findings=open_, took_s=took_s
    )


def _make_step(scene: Scene, kind: StepKind, outcome: Outcome, said: str, began: float) -> RehearsedStep:
    took_s = time.monotonic() - began if began else None
    return RehearsedStep(kind=kind, subject=scene.desired.host, outcome=outcome, said=said, took_s=took_s)


FAILURES: Mapping[Failure, Callable[[Scene], Iterator[RehearsedStep]]] = {
    Failure.KILL: kill_services,
    Failure.REDIS: restart_redis,
    Failure.REBOOT: reboot,
    Failure.DISK_FULL: fill_disk,
}
