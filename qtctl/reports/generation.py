"""One generation of a host, or what differs between two: files, and what units must be; JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import Field

from qtctl.model.backup import Backup, UnitThen
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.generation import GenerationRecord
from qtctl.plan.change_impact import make_diff
from qtctl.plan.restore import list_files
from qtctl.plan.unit_goals import UnitGoal, list_goals
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.generations import GenerationRow, build_row
from qtctl.version import VERSION

UNSHOWN = "content differs (values not shown)"


class GenerationFile(Part):
    path: str
    change: str = Field(description="added, removed or changed; held if only one generation is shown")
    diff: str | None = Field(description="diff of a unit file, without values of variables")


class GenerationUnit(Part):
    unit: str
    change: str = Field(description="added, removed or changed; held if only one generation is shown")
    before: str | None = Field(description="its declared state; null if it was not declared")
    after: str | None


class GenerationReport(Part):
    """One generation; or two, and how the second differs from the first."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    host: str
    address: str
    generations: tuple[GenerationRow, ...]
    files: tuple[GenerationFile, ...]
    units: tuple[GenerationUnit, ...]


class Held(NamedTuple):
    """What one generation is, whether it was declared or found."""

    host: str
    files: Sequence[DesiredFile]
    units: Mapping[str, str]


def build_report(found: Sequence[tuple[GenerationRecord, Desired | Backup]], *, address: str) -> GenerationReport:
    """The report of one or two generations. `address`: the host as the user named it."""
    held = [_hold(what) for _, what in found]
    before, last = None if len(held) == 1 else held[0], held[-1]
    return GenerationReport(
        qtctl_version=VERSION,
        host=last.host,
        address=address,
        generations=tuple(build_row(record) for record, _ in found),
        files=tuple(_compare_files(before, last)),
        units=tuple(_compare_units(before, last)),
    )


def _hold(what: Desired | Backup) -> Held:
    if isinstance(what, Desired):
        return Held(what.host, what.files, {goal.unit: _describe(goal) for goal in list_goals(what)})
    units = (each for each in what.manifest.units if each.load != "not-found")
    return Held(what.manifest.host, list_files(what), {each.unit: _describe_found(each) for each in units})


def _describe_found(unit: UnitThen) -> str:
    runs = "on demand" if unit.triggered_by else "active" if unit.is_active else "stopped"
    return f"{runs}, {'enabled' if unit.file_state == 'enabled' else 'not enabled'}"


def _compare_files(before: Held | None, after: Held) -> Iterator[GenerationFile]:
    new = {file.path: file for file in after.files}
    if before is None:
        for path in sorted(new):
            yield GenerationFile(path=path, change="held", diff=None)
        return
    old = {file.path: file for file in before.files}
    for path in sorted({*old, *new}):
        if path not in old:
            yield GenerationFile(path=path, change="added", diff=None)
        elif path not in new:
            yield GenerationFile(path=path, change="removed", diff=None)
        elif _make_key(old[path]) != _make_key(new[path]):
            yield GenerationFile(path=path, change="changed", diff=_show(old[path], new[path]))


def _make_key(file: DesiredFile) -> tuple[str, ...]:
    return (file.sha256, file.mode, file.owner, file.group)


def _show(old: DesiredFile, new: DesiredFile) -> str:
    if old.sha256 == new.sha256:
        return f"{old.mode} {old.owner}:{old.group} → {new.mode} {new.owner}:{new.group}"
    return make_diff(old.content, new.content, new.path) or UNSHOWN if new.of_unit else UNSHOWN


def _compare_units(before: Held | None, after: Held) -> Iterator[GenerationUnit]:
    new, old = after.units, None if before is None else before.units
    for unit in sorted({*new, *(old or {})}):
        was, now = None if old is None else old.get(unit), new.get(unit)
        if old is None:
            yield GenerationUnit(unit=unit, change="held", before=None, after=now)
        elif was != now:
            change = "added" if was is None else "removed" if now is None else "changed"
            yield GenerationUnit(unit=unit, change=change, before=was, after=now)


def _describe(goal: UnitGoal) -> str:
    runs = {None: "on demand", True: "active", False: "stopped"}[goal.active]
    return f"{runs}, {'enabled' if goal.enabled else 'not enabled'}"


def to_json(report: GenerationReport) -> str:
    return dump(report)
