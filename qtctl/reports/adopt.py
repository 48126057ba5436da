"""The report of `qtctl adopt`: what was adopted, what became of every line, what was judged; JSON."""

from typing import Self

from pydantic import Field, model_validator

from qtctl.adopt.adoption import LEFT, AdoptedUnit, Adoption, Fate, FileFate, FileKind
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.reports.document import SCHEMA_VERSION, Part, dump

DIRECTIVES = (Fate.TYPED, Fate.HATCH)


class UnitRow(Part):
    unit: str
    entry: str = Field(description="where it is in the registry: a file, or file#table")
    file: str = Field(description="the file from which it was adopted")
    state: str = Field(description="its declared state")
    typed: int = Field(description="directives that have a key", ge=0)
    hatch: int = Field(description="directives in [systemd.SECTION]", ge=0)
    left: int = Field(description="attributes of a compose service that are only in notes or in this report", ge=0)


class LineRow(Part):
    line: int = Field(description="where the logical line begins, from 1", ge=1)
    fate: Fate
    what: str = Field(description="the directive or section; never a value")


class FileRow(Part):
    path: str
    kind: FileKind
    unit: str = Field(description="empty if it belongs to no unit")
    taken: bool
    why: str
    lines: tuple[LineRow, ...]


class JudgmentRow(Part):
    id: str = Field(description="id of the finding; empty if the choice is not a finding", pattern=r"^(QT[0-9]{3})?$")
    severity: Severity
    subject: str
    what: str
    remedy: str
    file: str
    line: int | None = Field(ge=1)


class DifferenceRow(Part):
    unit: str
    section: str
    directive: str = Field(description="empty if it is about the whole unit")
    because: str = Field(description="empty if nothing explains it")


class Totals(Part):
    units: int = Field(ge=0)
    files: int = Field(ge=0)
    lines: dict[Fate, int]
    typed: int = Field(description="directives that have a key, over all units", ge=0)
    hatch: int = Field(ge=0)
    left: int = Field(description="attributes of compose services that are only in notes or in this report", ge=0)
    share: float = Field(description="typed / (typed + hatch + left); 1 if there are none", ge=0, le=1)
    judgments: dict[Severity, int]


class AdoptReport(Part):
    """One run of `qtctl adopt`. The totals follow from the rows."""

    schema_version: int = SCHEMA_VERSION
    source: str = Field(description="as given on the command line")
    registry: str = Field(description="the folder to which the registry was written")
    totals: Totals
    to_do: tuple[str, ...] = Field(description="what you must do before the registry describes what there was")
    unread: tuple[str, ...] = Field(description="what the host did not show, each with the reason")
    units: tuple[UnitRow, ...]
    judgments: tuple[JudgmentRow, ...]
    differences: tuple[DifferenceRow, ...]
    files: tuple[FileRow, ...]
    written: tuple[str, ...] = Field(description="paths relative to the registry's folder")
    fail_on: Severity
    conclusion: Conclusion = Field(
        description="from the findings, what is left to do, and the gate; it decides the exit code"
    )

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """The totals are those of the rows."""
        totals = _make_totals(self.units, self.files, self.judgments)
        if totals != self.totals:
            raise ValueError("the totals are not those of the rows")
        return self


def build_report(adoption: Adoption, registry: str) -> AdoptReport:
    units = tuple(_make_unit_row(each) for each in adoption.units)
    files = tuple(_make_file_row(each) for each in adoption.files)
    judgments = tuple(_make_judgment_row(each) for each in adoption.findings)
    return AdoptReport(
        source=adoption.source,
        registry=registry,
        totals=_make_totals(units, files, judgments),
        to_do=adoption.to_do,
        unread=adoption.unread,
        units=units,
        judgments=judgments,
        differences=tuple(
            DifferenceRow(unit=each.unit, section=each.section, directive=each.directive, because=each.because)
            for each in adoption.differences
        ),
        files=files,
        written=adoption.written,
        fail_on=adoption.policy.gate,
        conclusion=adoption.conclusion,
    )


def to_json(report: AdoptReport) -> str:
    return dump(report)


def _make_totals(units: tuple[UnitRow, ...], files: tuple[FileRow, ...], judgments: tuple[JudgmentRow, ...]) -> Totals:
    fates = [line.fate for file in files for line in file.lines]
    typed, hatch = sum(each.typed for each in units), sum(each.hatch for each in units)
    left = sum(line.fate in LEFT for file in files if file.kind == FileKind.COMPOSE for line in file.lines)
    every = typed + hatch + left
    severities = [each.severity for each in judgments]
    return Totals(
        units=len(units),
        files=len(files),
        lines={fate: fates.count(fate) for fate in Fate},
        typed=typed,
        hatch=hatch,
        left=left,
        share=_compute_share(typed, every),
        judgments={severity: severities.count(severity) for severity in reversed(Severity)},
    )


def _compute_share(typed: int, every: int) -> float:
    """Never rounded up to 1."""
    share = round(typed / every, 4) if every else 1.0
    return share if typed == every else min(share, 0.9999)


def _make_unit_row(each: AdoptedUnit) -> UnitRow:
    return UnitRow(
        unit=each.unit,
        entry=each.entry,
        file=each.file,
        state=each.state,
        typed=each.typed,
        hatch=each.hatch,
        left=each.left,
    )


def _make_file_row(each: FileFate) -> FileRow:
    lines = tuple(LineRow(line=line.line, fate=line.fate, what=line.what) for line in each.lines)
    return FileRow(path=each.path, kind=each.kind, unit=each.unit, taken=each.taken, why=each.why, lines=lines)


def _make_judgment_row(each: Finding) -> JudgmentRow:
    place = each.place if isinstance(each.place, Place) else Place("")
    return JudgmentRow(
        id=each.id,
        severity=each.severity,
        subject=each.subject,
        what=each.what,
        remedy=each.remedy,
        file=place.file,
        line=place.line,
    )
