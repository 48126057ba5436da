"""What has to happen to the units: enable, stop, start and restart, each decided from the state of the host."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qtctl.meaning.units import is_up
from qtctl.model.facts import Facts, File, Unit
from qtctl.model.moments import moment
from qtctl.model.plan import Step, StepKind
from qtctl.plan.files import FileChange
from qtctl.plan.order import start_order
from qtctl.plan.unit_goals import UnitGoal

_NO_UNIT = Unit("not-found", "inactive", "dead", "")


@dataclass(frozen=True, slots=True)
class Scene:
    """What unit steps are decided on: the facts, what will be written, and the wishes by unit."""

    facts: Facts
    changes: Mapping[str, FileChange]
    goals: Mapping[str, UnitGoal]

    def unit(self, name: str) -> Unit:
        return self.facts.read(Unit, name) or _NO_UNIT


def unit_steps(scene: Scene) -> tuple[Step, ...]:
    """In the order in which they run. Links come before the reload: systemd learns of new links only by one."""
    links = _links(scene)
    reload = _reload(scene, links)
    starts = _starts(scene)
    return (*links, *reload, *_resets(scene, starts), *_stops(scene), *starts)


def _links(scene: Scene) -> tuple[Step, ...]:
    found: list[Step] = []
    for goal in scene.goals.values():
        found += _link_steps(scene, goal)
    return tuple(sorted(found, key=lambda step: step.kind is StepKind.ENABLE))


def _link_steps(scene: Scene, goal: UnitGoal) -> list[Step]:
    state = scene.unit(goal.unit).unit_file_state
    if not goal.enabled:
        if state not in ("enabled", "enabled-runtime"):
            return []
        return [Step(StepKind.DISABLE, goal.unit, "enabled, declared not to start by itself", state)]
    missing = [link for link in goal.links if scene.facts.read(File, link) is None]
    if state == "enabled" and not missing:
        return []
    reason = f"{missing[0]} is missing" if state == "enabled" else f"{_word(state)}, declared to start at boot"
    return [Step(StepKind.ENABLE, goal.unit, reason, state)]


def _word(state: str) -> str:
    return state or "not on the host"


def _reload(scene: Scene, links: Sequence[Step]) -> tuple[Step, ...]:
    written = sum(change.file.of_unit for change in scene.changes.values())
    stale = [goal.unit for goal in scene.goals.values() if scene.unit(goal.unit).need_daemon_reload]
    reasons = []
    if written:
        reasons.append(f"{written} unit file{'s' * (written > 1)} written")
    if links:
        reasons.append("enablement changes")
    if stale:
        more = f" and {len(stale) - 1} more" if stale[1:] else ""
        reasons.append(f"systemd has not read the file of {stale[0]}{more}")
    return (Step(StepKind.RELOAD, "systemd", "; ".join(reasons), " ".join(stale)),) if reasons else ()


def _resets(scene: Scene, starts: Sequence[Step]) -> tuple[Step, ...]:
    """Restarts of the old program are forgotten too: they would count as those of the new one."""
    units = {step.subject: scene.unit(step.subject) for step in starts}
    return tuple(
        Step(StepKind.RESET_FAILED, name, _to_forget(unit), unit.active_state)
        for name, unit in sorted(units.items())
        if _to_forget(unit)
    )


def _to_forget(unit: Unit) -> str:
    """What systemd remembers of earlier failures that is in the way of a new start, or ''."""
    if unit.active_state == "failed":
        return f"failed ({unit.result})" if unit.result else "failed"
    if not unit.n_restarts:
        return ""
    return f"systemd restarted it {unit.n_restarts} time{'s' * (unit.n_restarts > 1)}"


def _stops(scene: Scene) -> tuple[Step, ...]:
    order = reversed(start_order(scene.goals.values()))
    found = []
    for name in order:
        unit = scene.unit(name)
        if scene.goals[name].active is False and is_up(unit.active_state):
            reason = f"{unit.active_state}, declared stopped{_drags(scene, name, 'stops')}"
            found.append(Step(StepKind.STOP, name, reason, _state(unit)))
    return tuple(found)


def _starts(scene: Scene) -> tuple[Step, ...]:
    steps = (_start(scene, scene.goals[name]) for name in start_order(scene.goals.values()))
    return tuple(step for step in steps if step is not None)


def _start(scene: Scene, goal: UnitGoal) -> Step | None:
    if not goal.active:
        return None
    unit = scene.unit(goal.unit)
    if not is_up(unit.active_state):
        return Step(StepKind.START, goal.unit, f"{unit.active_state}, declared {_declared(goal)}", _state(unit))
    reason = _restart_reason(scene, goal, unit)
    if not reason:
        return None
    return Step(StepKind.RESTART, goal.unit, reason + _drags(scene, goal.unit, "restarts"), _state(unit))


def _declared(goal: UnitGoal) -> str:
    return "running" if goal.rank == 0 else "active"


def _restart_reason(scene: Scene, goal: UnitGoal, unit: Unit) -> str:
    """Why a unit that runs must run anew: from the state of files and process, never from what a run remembers."""
    if unit.sub_state == "auto-restart":
        return f"in a restart loop ({unit.result or 'auto-restart'})"
    reasons = (_outdated(scene, path, _started(unit)) for path in goal.sees)
    return "; ".join(reason for reason in reasons if reason)


def _started(unit: Unit) -> int:
    return unit.exec_main_start_timestamp or unit.active_enter_timestamp


def _outdated(scene: Scene, path: str, started: int) -> str:
    change = scene.changes.get(path)
    if change is not None and change.visible:
        return f"{path} changes"
    there = scene.facts.read(File, path)
    if there is None or there.mtime <= started:
        return ""
    return f"{path} ({_clock(there.mtime)}) is newer than the process ({_clock(started)})"


def _clock(us: int) -> str:
    at = moment(us)
    return f"{at:%Y-%m-%d %H:%M:%SZ}" if at else "a time of no calendar"


def _drags(scene: Scene, name: str, verb: str) -> str:
    """The running units that systemd stops or restarts along with this one."""
    tied = [
        goal.unit for goal in scene.goals.values() if name in goal.ties and is_up(scene.unit(goal.unit).active_state)
    ]
    return f"; {verb} too: {', '.join(tied)}" if tied else ""


def _state(unit: Unit) -> str:
    return f"{unit.active_state}/{unit.sub_state}"
