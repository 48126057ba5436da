"""The facts that decide the steps of units, and whether a unit must be restarted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from qtctl.meaning.units import get_start_us, is_awaiting_restart
from qtctl.model.facts import ABSENT_STATES, Facts, File, Unit
from qtctl.model.moments import write_moment
from qtctl.model.names import UNIT_DIR
from qtctl.model.plan import Dragged, Effect
from qtctl.model.ran import UNRECORDED, Ran, RanState
from qtctl.plan.dependents import Ties
from qtctl.plan.files import FileChange
from qtctl.plan.installs import Switch
from qtctl.plan.removal import NOTHING, Removal
from qtctl.plan.unit_goals import UnitGoal

_NO_UNIT = Unit(*ABSENT_STATES, "")


@dataclass(frozen=True, slots=True)
class Scene:
    """What unit steps are decided on: the facts, what will be written, and the goals by unit.

    `adopted`: generated files whose adopted originals the host still has. `gone`: what is removed. `switched`: links to
    installations that will lead elsewhere. `ran`: for each unit, what the host has recorded of the files that its
    process has read.
    """

    facts: Facts
    changes: Mapping[str, FileChange]
    goals: Mapping[str, UnitGoal]
    adopted: frozenset[str] = frozenset()
    gone: Removal = NOTHING
    switched: tuple[Switch, ...] = ()
    ran: Mapping[str, Ran] = field(default_factory=dict)
    drop_ins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Unit → adopted drop-ins that are newer than its process and that this would see."""

    def find_unit(self, name: str) -> Unit:
        return self.facts.read(Unit, name) or _NO_UNIT

    @property
    def ties(self) -> Ties:
        return Ties(self.facts, self.goals)


def find_restart_reason(scene: Scene, goal: UnitGoal, unit: Unit) -> str:
    """Why a running unit must be restarted: from files, its process, and what the process is known to have read."""
    if is_awaiting_restart(unit):
        return f"in a restart loop ({unit.result or 'auto-restart'})"
    losing = (scene.gone.restarts or {}).get(goal.unit, "")
    what = "the process" if unit.exec_main_start_timestamp else "its start"
    ran = scene.ran.get(goal.unit, UNRECORDED)
    seen = (_find_outdated(scene, path, ran, get_start_us(unit), what) for path in goal.sees)
    switched = (_find_switched(scene, path, get_start_us(unit), what) for path in goal.uses)
    adopted = _find_later_drop_ins(scene, goal, get_start_us(unit), what)
    return "; ".join(reason for reason in (*switched, *seen, *adopted, losing) if reason)


def _find_later_drop_ins(scene: Scene, goal: UnitGoal, started: int, what: str) -> Iterator[str]:
    """Of a process that no deploy has started nothing is known: a host is left as it was when it was adopted."""
    if scene.ran.get(goal.unit, UNRECORDED).state is RanState.NONE:
        return
    for path in scene.drop_ins.get(goal.unit, ()):
        there = scene.facts.read(File, path)
        if there is not None:
            yield _describe_newer(path, there.mtime, what, started)


def find_switched_path(scene: Scene, goal: UnitGoal) -> str:
    """The first path that it runs from and that will lead elsewhere, or ''."""
    return next((each.install.path for each in scene.switched if each.install.path in goal.uses), "")


def _find_switched(scene: Scene, path: str, started: int, what: str) -> str:
    """A link that was switched since the start counts like a file that has changed."""
    for each in scene.switched:
        if each.install.path == path:
            return f"{path} changes to {each.install.text}"
    there = scene.facts.read(File, path)
    if there is None or there.kind != "link" or there.mtime <= started:
        return ""
    return _describe_newer(path, there.mtime, what, started)


def must_stop_first(scene: Scene, goal: UnitGoal) -> bool:
    """Whether a unit that must be restarted is stopped before systemd reads its new definition.

    After the reload it would be stopped as the new one says: by other signals, by other commands, or by the same ones
    as another user. And what it runs from is changed while it is stopped.
    """
    if scene.find_unit(goal.unit).need_daemon_reload or find_switched_path(scene, goal):
        return True
    written = [change for path in goal.sees if (change := scene.changes.get(path)) is not None and change.file.of_unit]
    return any(change.stops for change in written) or (bool(written) and goal.stop_commands)


def _find_outdated(scene: Scene, path: str, ran: Ran, started: int, what: str) -> str:
    change = scene.changes.get(path)
    if change is not None and change.visible:
        return f"{path} changes"
    if ran.state is not RanState.NONE:
        return f"{path} is not as it was when {what} began" if path in ran.differs else ""
    there = scene.facts.read(File, path)
    if path in scene.adopted or there is None:
        return ""
    changed = there.mtime if path.startswith(f"{UNIT_DIR}/") else max(there.mtime, ran.ctimes.get(path, 0) * 1_000_000)
    if changed <= started:
        return ""
    return _describe_newer(path, changed, what, started)


def _describe_newer(path: str, changed: int, what: str, started: int) -> str:
    return f"{path} ({write_moment(changed)}) is newer than {what} ({write_moment(started)})"


def describe_dragged(dragged: Iterable[Dragged]) -> str:
    """The running units that systemd stops or restarts along with another."""
    units: dict[Effect, list[str]] = {}
    for each in dragged:
        units.setdefault(each.effect, []).append(each.unit)
    return "".join(f"; {effect} too: {', '.join(names)}" for effect, names in units.items())


def format_state(unit: Unit) -> str:
    return f"{unit.active_state}/{unit.sub_state}"
