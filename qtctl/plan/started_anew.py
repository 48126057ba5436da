"""Sockets and automounts that are restarted, and everything that is stopped for that.

systemd refuses to start a socket while its service is up, and stopping only the service lets the next connection start
it again: so a socket is stopped together with its service, and with the other sockets of that service. They are stopped
before the reload, while systemd still has the definition that they were started with.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from qtctl.meaning.units import is_up
from qtctl.model.plan import Effect, Step, StepKind
from qtctl.plan.scene import (
    Scene,
    describe_dragged,
    find_restart_reason,
    find_switched_path,
    format_state,
    must_stop_first,
)
from qtctl.plan.unit_goals import UnitGoal


@dataclass(frozen=True, slots=True)
class StartedAnew:
    """`stopped`: every unit that is stopped, also by systemd along with another, and why.

    `others`: starts of units that nothing generates, which were up and stop along.
    """

    stops: tuple[Step, ...] = ()
    stopped: dict[str, str] = field(default_factory=dict)
    others: tuple[Step, ...] = ()


def find_started_anew(scene: Scene) -> StartedAnew:
    """Services before their sockets, as systemd itself would stop them."""
    why = {goal.hands_to: reason for goal in scene.goals.values() if (reason := _give_reason(scene, goal))}
    users = {unit: reason for unit, reason in why.items() if scene.find_unit(unit).load_state == "loaded"}
    holders = {goal.unit: why[goal.hands_to] for goal in _find_holders(scene, why) if _is_up(scene, goal.unit)}
    early = {
        goal.unit: reason
        for goal in scene.goals.values()
        if not goal.only_pulled_in and _has_processes(scene, goal) and (reason := _stop_first(scene, goal))
    }
    stopped = early | users | holders
    stops = tuple(_make_stop(scene, unit, reason) for unit, reason in stopped.items())
    dragged = _find_dragged(stops)
    # What needs something that is removed stays down, unless it is declared.
    left = {unit: reason for unit, reason in _find_dragged(scene.gone.stops).items() if unit in scene.goals}
    whole = left | dragged | stopped
    others = (unit for unit in whole if unit not in scene.goals and _is_up(scene, unit))
    return StartedAnew(stops, whole, tuple(_make_start(scene, unit, whole[unit]) for unit in others))


def _give_reason(scene: Scene, goal: UnitGoal) -> str:
    """Why a socket or automount must be restarted, or ''. One that is down needs it only if its service is up.

    While what its service runs from changes, nothing may start that.
    """
    if not goal.active or not goal.hands_to:
        return ""
    if goal.hands_to in scene.goals and (path := find_switched_path(scene, scene.goals[goal.hands_to])):
        return f"{path} changes"
    unit = scene.find_unit(goal.unit)
    if is_up(unit.active_state):
        return find_restart_reason(scene, goal, unit)
    return f"{goal.unit} cannot start while it is up" if _is_up(scene, goal.hands_to) else ""


def _stop_first(scene: Scene, goal: UnitGoal) -> str:
    """Why it is restarted, where it has to stop with the old definition; else ''.

    Of a pool, this would stop all instances at once: they are restarted after the reload, some at a time.
    """
    if goal.in_parts:
        return ""
    if not goal.active:
        path = find_switched_path(scene, goal)
        return f"{path} changes" if path else ""
    reason = find_restart_reason(scene, goal, scene.find_unit(goal.unit))
    return reason if reason and must_stop_first(scene, goal) else ""


def _has_processes(scene: Scene, goal: UnitGoal) -> bool:
    """Also one that keeps being restarted must not start while what it runs from changes."""
    return is_up(scene.find_unit(goal.unit).active_state)


def _find_holders(scene: Scene, users: Iterable[str]) -> list[UnitGoal]:
    return [goal for goal in scene.goals.values() if goal.hands_to in frozenset(users)]


def _find_dragged(stops: Iterable[Step]) -> dict[str, str]:
    return {each.unit: f"it stops with {each.by.partition('=')[2]}" for stop in stops for each in stop.drags}


def _is_up(scene: Scene, unit: str) -> bool:
    return is_up(scene.find_unit(unit).active_state)


def _make_stop(scene: Scene, unit: str, reason: str) -> Step:
    drags = scene.ties.list_drags(unit, Effect.STOPS, old=True)
    return Step(StepKind.STOP, unit, reason + describe_dragged(drags), format_state(scene.find_unit(unit)), drags=drags)


def _make_start(scene: Scene, unit: str, reason: str) -> Step:
    return Step(StepKind.START, unit, f"was stopped: {reason}", format_state(scene.find_unit(unit)))
