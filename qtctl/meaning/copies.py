"""Processes that run what a service runs, in the control group of no declared unit."""

from fnmatch import fnmatchcase

from qtctl.model.desired import Desired
from qtctl.model.process_facts import ProgramCopies

_RUNS_ONCE = ("oneshot",)


def map_copies(desired: Desired, found: ProgramCopies) -> dict[str, dict[str, str]]:
    """Unit of the service → pid → control group. Those in an undeclared unit with a fleet name belong to QT202."""
    judged = {each.unit for each in desired.services if each.type not in _RUNS_ONCE}
    groups: dict[str, list[str]] = {}
    units: dict[str, str] = {}
    for pid, unit, group in found.rows:
        groups.setdefault(pid, []).append(group)
        units[pid] = unit
    copies: dict[str, dict[str, str]] = {}
    for pid, unit in units.items():
        if unit in judged and not any(_is_owned(desired, group) for group in groups[pid]):
            copies.setdefault(unit, {})[pid] = groups[pid][0]
    return copies


def _is_owned(desired: Desired, group: str) -> bool:
    """Whether it is the group of a system unit that other checks report on."""
    parts = group.split("/")
    if any(part.startswith("user@") for part in parts):
        return False
    names = desired.unit_names()
    return any(
        part in names or (part.endswith(".service") and any(fnmatchcase(part, each) for each in desired.unit_patterns))
        for part in parts
        if part
    )
