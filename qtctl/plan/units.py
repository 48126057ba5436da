"""The steps of units: enable, stop, start and restart, each decided from the state of the host."""

from collections.abc import Sequence

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.dialects.wording import join_some
from qtctl.meaning.enablement import find_left_pullers
from qtctl.meaning.units import is_up
from qtctl.model.facts import File, Unit
from qtctl.model.plan import Effect, Step, StepKind
from qtctl.plan import installs
from qtctl.plan.order import start_order
from qtctl.plan.scene import Scene, describe_dragged, find_restart_reason, find_switched_path, format_state
from qtctl.plan.started_anew import StartedAnew, find_started_anew
from qtctl.plan.unit_goals import UnitGoal


def plan_unit_steps(scene: Scene) -> tuple[Step, ...]:
    """In the order in which they run. Links come before the reload, which is how systemd learns of them.

    Units that are removed or restarted are stopped first, by the definition that they were started with.
    """
    links = _list_link_steps(scene)
    reload = _make_reload(scene, links)
    anew = find_started_anew(scene)
    starts = (*_list_starts(scene, anew), *anew.others)
    gone = scene.gone
    switched = installs.plan_steps(scene.switched, {goal.unit: goal.uses for goal in scene.goals.values()})
    late = tuple(step for step in links if _takes_name(scene, step))
    early = tuple(step for step in links if step not in late)
    removed = (*gone.stops, *anew.stops, *switched, *gone.resets, *gone.removes, *late)
    before = (*gone.disables, *early, *removed, *reload)
    return (*before, *_list_resets(scene, starts), *_list_stops(scene, anew), *starts)


def _takes_name(scene: Scene, step: Step) -> bool:
    """Whether it makes an alias in the place of a unit file that is removed."""
    removed = {each.subject for each in scene.gone.removes}
    return step.kind is StepKind.ENABLE and not removed.isdisjoint(scene.goals[step.subject].links)


def _list_link_steps(scene: Scene) -> tuple[Step, ...]:
    found: list[Step] = []
    for goal in scene.goals.values():
        found += _make_link_steps(scene, goal)
    return tuple(sorted(found, key=lambda step: step.kind is StepKind.ENABLE))


def _make_link_steps(scene: Scene, goal: UnitGoal) -> list[Step]:
    state, why = scene.find_unit(goal.unit).unit_file_state, _find_wrong_link(scene, goal)
    if not goal.enabled:
        why = "enabled, declared not to start at boot" if state == "enabled" else why
        return [Step(StepKind.DISABLE, goal.unit, why, state)] if why else []
    if why:
        # As `systemctl reenable`: links that [Install] no longer has are removed.
        return [Step(kind, goal.unit, why, state) for kind in (StepKind.DISABLE, StepKind.ENABLE)]
    missing = [link for link in goal.links if scene.facts.read(File, link) is None]
    if state == "enabled" and not missing:
        return []
    reason = (
        f"{missing[0]} is missing" if state == "enabled" else f"{_describe_state(state)}, declared to start at boot"
    )
    return [Step(StepKind.ENABLE, goal.unit, reason, state)]


def _find_wrong_link(scene: Scene, goal: UnitGoal) -> str:
    """Why its links must be made again: they come from an earlier [Install], or lead to a file that is replaced.

    systemd does not show what pulls in a masked unit.
    """
    unit = scene.find_unit(goal.unit)
    left = find_left_pullers(unit, goal.unwanted)
    if left:
        return f"{left[0]} still pulls it in, and is not declared to"
    if unit.unit_file_state.startswith("masked") and goal.file not in scene.adopted:
        return "masked: its links come back with its file"
    change = scene.changes.get(goal.file)
    replaced = unit.unit_file_state == "enabled" and change and change.seen.startswith("link:")
    return "its links lead to the file that is replaced" if replaced else ""


def _describe_state(state: str) -> str:
    return state or "not on the host"


def _make_reload(scene: Scene, links: Sequence[Step]) -> tuple[Step, ...]:
    written = sum(change.file.of_unit for change in scene.changes.values())
    stale = [goal.unit for goal in scene.goals.values() if _is_stale(scene, goal)]
    reasons = []
    if written:
        reasons.append(f"{written} unit file{'s' * (written > 1)} written")
    if scene.gone.removes:
        reasons.append(f"{len(scene.gone.removes)} file{'s' * (len(scene.gone.removes) > 1)} removed")
    if links or scene.gone.disables:
        reasons.append("enablement changes")
    if stale:
        reasons.append(f"systemd has not read the file of {join_some(stale, 1)}")
    return (Step(StepKind.RELOAD, "systemd", "; ".join(reasons), " ".join(stale)),) if reasons else ()


def _is_stale(scene: Scene, goal: UnitGoal) -> bool:
    """systemd asks for a reload after every other `set-property`: what was adopted as it was is left alone."""
    return scene.find_unit(goal.unit).need_daemon_reload and goal.file not in scene.adopted


def _list_resets(scene: Scene, starts: Sequence[Step]) -> tuple[Step, ...]:
    """Restart counts of the old program are reset too, else they would count as restarts of the new one."""
    units = {step.subject: scene.find_unit(step.subject) for step in starts}
    return tuple(
        Step(StepKind.RESET_FAILED, name, _describe_failures(unit), unit.active_state)
        for name, unit in sorted(units.items())
        if _describe_failures(unit)
    )


def _describe_failures(unit: Unit) -> str:
    """Earlier failures that systemd counts against a new start, or ''."""
    if unit.active_state == "failed":
        return f"failed ({unit.result})" if unit.result else "failed"
    if not unit.n_restarts:
        return ""
    return f"systemd restarted it {unit.n_restarts} time{'s' * (unit.n_restarts > 1)}"


def _list_stops(scene: Scene, anew: StartedAnew) -> tuple[Step, ...]:
    order = reversed(start_order(scene.goals.values()))
    # What only goes down along with another is stopped all the same: systemd may not know yet that it needs that one.
    stopped = {step.subject for step in anew.stops}
    found = []
    for name in order:
        unit = scene.find_unit(name)
        if scene.goals[name].active is False and is_up(unit.active_state) and name not in stopped:
            drags = scene.ties.list_drags(name, Effect.STOPS)
            reason = f"{unit.active_state}, declared stopped{describe_dragged(drags)}{_describe_upholders(scene, name)}"
            found.append(Step(StepKind.STOP, name, reason, format_state(unit), drags=drags))
    return tuple(found)


def _describe_upholders(scene: Scene, name: str) -> str:
    upholders = scene.ties.list_upholders(name)
    return f"; {', '.join(upholders)} upholds it: systemd starts it again at once" if upholders else ""


def _list_starts(scene: Scene, anew: StartedAnew) -> tuple[Step, ...]:
    steps = (_make_start(scene, scene.goals[name], anew) for name in start_order(scene.goals.values()))
    return tuple(step for step in steps if step is not None)


def _make_start(scene: Scene, goal: UnitGoal, anew: StartedAnew) -> Step | None:
    unit = scene.find_unit(goal.unit)
    if not goal.active:
        return _start_again(scene, goal, anew) or _plan_restart_on_demand(scene, goal, unit, anew)
    if goal.only_pulled_in and not is_up(unit.active_state):
        return None
    if goal.unit in anew.stopped:
        return _start(scene, goal, f"was stopped: {anew.stopped[goal.unit]}")
    if not is_up(unit.active_state):
        return _start(scene, goal, f"{unit.active_state}, declared {_describe_goal(goal)}")
    reason = find_restart_reason(scene, goal, unit)
    return _plan_restart(scene, goal, reason) if reason else _make_unit_reload(scene, goal)


def _start_again(scene: Scene, goal: UnitGoal, anew: StartedAnew) -> Step | None:
    """Start units again that were up without being declared so, and that are stopped while their code changes."""
    if goal.active is False or goal.on_demand or goal.unit not in anew.stopped or not find_switched_path(scene, goal):
        return None
    return _start(scene, goal, f"was stopped: {anew.stopped[goal.unit]}")


def _plan_restart_on_demand(scene: Scene, goal: UnitGoal, unit: Unit, anew: StartedAnew) -> Step | None:
    """Restart a service that a socket started. A timer's job runs to its end; the next run is a new process."""
    if goal.active is False or not goal.on_demand or goal.unit in anew.stopped or not is_up(unit.active_state):
        return None
    reason = find_restart_reason(scene, goal, unit)
    return _plan_restart(scene, goal, reason) if reason else None


def _make_unit_reload(scene: Scene, goal: UnitGoal) -> Step | None:
    changes = (scene.changes.get(path) for path in goal.sees)
    changed = [each.file.path for each in changes if each and each.change is ChangeClass.UNIT_RELOAD]
    if not changed:
        return None
    return Step(StepKind.UNIT_RELOAD, goal.unit, f"{changed[0]} changes", format_state(scene.find_unit(goal.unit)))


def _plan_restart(scene: Scene, goal: UnitGoal, reason: str) -> Step:
    unit = scene.find_unit(goal.unit)
    drags = scene.ties.list_drags(goal.unit, Effect.RESTARTS)
    return Step(StepKind.RESTART, goal.unit, reason + describe_dragged(drags), format_state(unit), drags=drags)


def _start(scene: Scene, goal: UnitGoal, reason: str) -> Step:
    drags = scene.ties.list_starts(goal)
    return Step(StepKind.START, goal.unit, reason, format_state(scene.find_unit(goal.unit)), drags=drags)


def _describe_goal(goal: UnitGoal) -> str:
    return "running" if goal.rank == 0 else "active"
