"""The steps that remove what nothing declares any more: disabled, stopped with its own definition, then deleted."""

from collections.abc import Mapping
from dataclasses import dataclass

from qtctl.meaning.units import is_up
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.plan import READ_AS_ROOT, Effect, Refusal, Step, StepKind
from qtctl.plan.change_impact import make_diff, needs_new_start
from qtctl.plan.dependents import Ties
from qtctl.plan.leftovers import DROPIN, ENV, LeftFile, Leftovers, LeftUnit


@dataclass(frozen=True, slots=True)
class Removal:
    """Steps by kind, and why units that lose a drop-in must be restarted (`restarts`: unit → reason)."""

    disables: tuple[Step, ...] = ()
    stops: tuple[Step, ...] = ()
    resets: tuple[Step, ...] = ()
    removes: tuple[Step, ...] = ()
    restarts: Mapping[str, str] | None = None


NOTHING = Removal()


def find_removal(left: Leftovers, ties: Ties, current: Mapping[str, bytes]) -> Removal:
    """`current`: contents of the files that `list_to_read` names."""
    units = left.units
    return Removal(
        disables=tuple(step for unit in units if (step := _make_disable(left, unit)) is not None),
        stops=tuple(step for unit in units if (step := _make_stop(left, ties, unit)) is not None),
        resets=tuple(
            Step(StepKind.RESET_FAILED, unit.unit, "failed, and it goes", found.active_state)
            for unit in units
            if (found := left.find_unit(unit.unit)) is not None and found.active_state == "failed"
        ),
        removes=tuple(_make_remove(file, current) for file in left.files),
        restarts=dict(_find_restarts(left.files, current)),
    )


def list_to_read(desired: Desired, facts: Facts) -> tuple[str, ...]:
    """Files whose current content is shown before they are removed."""
    return tuple(file.path for file in Leftovers(desired, facts).files if file.kind != ENV)


def find_obstacles(left: Leftovers, current: Mapping[str, bytes]) -> tuple[Refusal, ...]:
    """A file that could not be read is not removed: its content would be lost unseen."""
    return tuple(
        Refusal(file.path, "its current content could not be read", READ_AS_ROOT, unknown=True)
        for file in left.files
        if file.kind != ENV and file.path not in current
    )


def _make_disable(left: Leftovers, unit: LeftUnit) -> Step | None:
    found = left.find_unit(unit.unit)
    state = found.unit_file_state if found is not None else ""
    if not unit.links and state != "enabled":
        return None
    return Step(StepKind.DISABLE, unit.unit, unit.why, state or "linked")


def _make_stop(left: Leftovers, ties: Ties, unit: LeftUnit) -> Step | None:
    found = left.find_unit(unit.unit)
    if found is None or not is_up(found.active_state):
        return None
    drags = ties.list_drags(unit.unit, Effect.STOPS, old=True)
    return Step(StepKind.STOP, unit.unit, unit.why, f"{found.active_state}/{found.sub_state}", drags=drags)


def _make_remove(file: LeftFile, current: Mapping[str, bytes]) -> Step:
    diff = "" if file.kind == ENV else make_diff(current.get(file.path, b""), b"", file.path)
    return Step(StepKind.REMOVE, file.path, file.why, file.seen, diff)


def _find_restarts(files: tuple[LeftFile, ...], current: Mapping[str, bytes]) -> dict[str, str]:
    """Units that lose a drop-in that their process depends on. A unit that is itself removed is left out."""
    gone = {file.unit for file in files if file.kind not in (DROPIN, ENV)}
    found: dict[str, str] = {}
    for file in (each for each in files if each.kind == DROPIN and each.unit not in gone):
        if needs_new_start(current.get(file.path, b""), b"", file.unit):
            found.setdefault(file.unit, f"{file.path} goes")
    return found
