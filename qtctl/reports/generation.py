"""One generation of a host, or what differs between two: files, and what units must be; JSON."""

from collections.abc import Iterator, Sequence

from pydantic import Field

from qtctl.model.desired import Desired, DesiredFile
from qtctl.model.generation import GenerationRecord
from qtctl.plan.change_impact import make_diff
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


def build_report(found: Sequence[tuple[GenerationRecord, Desired]], *, address: str) -> GenerationReport:
    """The report of one or two generations. `address`: the host as the user named it."""
    first, last = found[0][1], found[-1][1]
    before = None if len(found) == 1 else first
    return GenerationReport(
        qtctl_version=VERSION,
        host=last.host,
        address=address,
        generations=tuple(build_row(record) for record, _ in found),
        files=tuple(_compare_files(before, last)),
        units=tuple(_compare_units(before, last)),
    )


def _compare_files(before: Desired | None, after: Desired) -> Iterator[GenerationFile]:
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


def _compare_units(before: Desired | None, after: Desired) -> Iterator[GenerationUnit]:
    new = {goal.unit: _describe(goal) for goal in list_goals(after)}
    old = None if before is None else {goal.unit: _describe(goal) for goal in list_goals(before)}
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
