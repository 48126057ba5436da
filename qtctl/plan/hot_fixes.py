"""Drop-ins of operators that a registry has adopted, and that are newer than the processes that they are for."""

from collections.abc import Iterator, Mapping

from qtctl.meaning.originals import is_as_adopted
from qtctl.meaning.units import get_start_us, is_up
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts, File, Unit
from qtctl.plan.change_impact import needs_new_start
from qtctl.plan.unit_goals import list_goals


def list_to_read(desired: Desired, facts: Facts) -> tuple[str, ...]:
    """Those whose content decides whether their unit must be restarted. None on most hosts."""
    return tuple(dict.fromkeys(path for _, path in _list_later(desired, facts)))


def find_unread(desired: Desired, facts: Facts, current: Mapping[str, bytes]) -> dict[str, tuple[str, ...]]:
    """Unit → those that its process does not run by, though they change what a process sees."""
    found: dict[str, tuple[str, ...]] = {}
    for unit, path in _list_later(desired, facts):
        if needs_new_start(b"", current.get(path, b""), unit):
            found[unit] = (*found.get(unit, ()), path)
    return found


def _list_later(desired: Desired, facts: Facts) -> Iterator[tuple[str, str]]:
    """Each running unit, and each of its drop-ins that came after its start."""
    originals = {
        file.path: file.original
        for file in desired.files
        if file.original is not None and not file.may_be_absent and is_as_adopted(file, facts)
    }
    for goal in list_goals(desired) if originals else ():
        original, unit = originals.get(goal.file), facts.read(Unit, goal.unit)
        if original is None or unit is None or not goal.sees or not is_up(unit.active_state):
            continue
        for path, _ in original.files:
            there = facts.read(File, path)
            if path != goal.file and there is not None and there.mtime > get_start_us(unit):
                yield goal.unit, path
