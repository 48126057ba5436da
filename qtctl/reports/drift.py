"""What an operator changed on a host, what becomes of each change, and the edit of the registry; JSON."""

from collections.abc import Mapping
from difflib import unified_diff

from pydantic import Field

from qtctl.dialects import terminal
from qtctl.dialects.lines import split_lines
from qtctl.findings.verdict import Conclusion
from qtctl.model.drift import Drift, DriftFate
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION


class DriftRow(Part):
    unit: str
    what: str = Field(description="the directive with its section, or what was done to the unit; never a value")
    where: tuple[str, ...] = Field(description="the files on the host that contain it, or the command that shows it")
    fate: str = Field(description=f"one of: {', '.join(DriftFate)}")
    keys: tuple[str, ...] = Field(description="the registry file and key that are edited for it")
    why: str = Field(description="why it is not adopted; empty if it is")


class DriftFile(Part):
    path: str = Field(description="relative to the registry")
    diff: str = Field(description="unified diff")


class DriftReport(Part):
    """How a host differs from what its last deploy put there."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    host: str
    address: str
    generation: int | None = Field(
        description="the deploy with which the host is compared; null if the host keeps none"
    )
    written: bool = Field(description="whether the registry was changed")
    drifts: tuple[DriftRow, ...]
    files: tuple[DriftFile, ...]
    unread: tuple[str, ...] = Field(description="what the host did not show")


def build_report(
    drifts: tuple[Drift, ...],
    files: tuple[DriftFile, ...],
    *,
    host: str,
    address: str,
    generation: int | None,
    written: bool,
    unread: tuple[str, ...],
) -> DriftReport:
    """`address`: the host as it was asked for."""
    rows = tuple(DriftRow(unit=d.unit, what=d.what, where=d.where, fate=d.fate, keys=d.keys, why=d.why) for d in drifts)
    return DriftReport(
        qtctl_version=VERSION,
        host=host,
        address=address,
        generation=generation,
        written=written,
        drifts=rows,
        files=files,
        unread=unread,
    )


def build_file(path: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> DriftFile:
    """How one file of the registry changes."""
    old, new = (split_lines(each.get(path, b"").decode()) for each in (before, after))
    shown = unified_diff(list(old), list(new), path if path in before else "/dev/null", path, lineterm="")
    return DriftFile(path=path, diff="\n".join(map(terminal.show_line, shown)))


def conclude(report: DriftReport) -> Conclusion:
    """As declared if nothing was changed, or if the registry now has every change."""
    ended = {DriftFate.DECLARED, DriftFate.ADOPTED} if report.written or not report.files else {DriftFate.DECLARED}
    if any(row.fate not in ended for row in report.drifts):
        return Conclusion.NOT_AS_DECLARED
    return Conclusion.INCOMPLETE if report.unread else Conclusion.AS_DECLARED


def to_json(report: DriftReport) -> str:
    return dump(report)
