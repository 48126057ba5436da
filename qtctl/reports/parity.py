"""The parity report: what became of every service of one or more compose files; JSON and Markdown."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from qtctl.findings.finding import Finding, Outcome, Proof, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.model.registry import DispositionKind
from qtctl.parity.rows import NewService, ParityReport, ParityRow, ParityVerdict
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.parity_settings import DimensionCounts, DimensionPart, NewServiceRow, sum_dimensions
from qtctl.rules import sides
from qtctl.rules.sides import Listening, PortSide


@dataclass(frozen=True, slots=True)
class ParityProof:
    """A command to run on the host as an ordinary user, and the line it printed."""

    again: str
    line: str

    @classmethod
    def of(cls, proofs: Iterable[Proof]) -> "tuple[ParityProof, ...]":
        return tuple(cls(proof.again, proof.line) for proof in proofs)


@dataclass(frozen=True, slots=True)
class ParityFinding:
    """`place`: file:line of the compose file. `subject`: a unit, a port such as 8001/tcp, or compose:SERVICE.

    `waiver`: why policy.toml accepts it, so that it does not fail the gate. `expired_waiver`: why it did until then.
    """

    id: str
    severity: Severity
    title: str
    service: str
    place: str
    subject: str
    expected: str
    observed: str
    remedy: str
    proof: tuple[ParityProof, ...] = ()
    waiver: str | None = None
    expired_waiver: str | None = None

    @property
    def outcome(self) -> Outcome:
        return Outcome.BROKEN

    @property
    def waived(self) -> str:
        """What a person reads of its waiver; '' for none."""
        if self.waiver is not None:
            return f"waived: {self.waiver}"
        return f"its waiver expired: {self.expired_waiver}" if self.expired_waiver is not None else ""

    @classmethod
    def of(cls, service: str, finding: Finding) -> "ParityFinding":
        return cls(
            id=finding.id,
            severity=finding.severity,
            title=finding.title,
            service=service,
            place=str(finding.place),
            subject=finding.subject,
            expected=str(finding.expected),
            observed=str(finding.observed),
            remedy=finding.remedy,
            proof=ParityProof.of(finding.proof),
            waiver=finding.waiver,
            expired_waiver=finding.expired_waiver,
        )


@dataclass(frozen=True, slots=True)
class UnitSide:
    """What took over from a service. `active` and `sub`: '' if unknown; `reason` says why."""

    name: str
    unit: str
    declared: str
    """running, stopped, on-timer, retired."""
    active: str
    sub: str
    outcome: Outcome
    reason: str
    proof: tuple[ParityProof, ...] = ()

    @classmethod
    def of(cls, side: sides.UnitSide) -> "UnitSide":
        return cls(
            name=side.name,
            unit=side.unit,
            declared=side.declared,
            active=side.active,
            sub=side.sub,
            outcome=side.outcome,
            reason=side.reason,
            proof=ParityProof.of(side.proof),
        )


class PortRow(Part):
    """`published`: None if Docker chose it, or a variable decides it. `listening`: None if unknown."""

    compose: str
    published: int | None
    protocol: str
    disposition: str
    expected: int | None
    declared: tuple[Listening, ...]
    listening: tuple[Listening, ...] | None
    outcome: Outcome
    reason: str
    proof: tuple[ParityProof, ...]

    @classmethod
    def of(cls, side: PortSide) -> "PortRow":
        port = side.published
        return cls(
            compose=port.raw,
            published=port.published,
            protocol=port.protocol,
            disposition=side.disposition,
            expected=side.expected,
            declared=side.declared,
            listening=side.listening if side.proof else None,
            outcome=side.outcome,
            reason=side.reason,
            proof=ParityProof.of(side.proof),
        )


class ServiceRow(Part):
    service: str
    line: int
    verdict: ParityVerdict
    disposition: DispositionKind | None
    to: tuple[str, ...]
    why: str
    units: tuple[UnitSide, ...]
    ports: tuple[PortRow, ...]
    unknown: tuple[str, ...]
    findings: tuple[ParityFinding, ...]
    dimensions: tuple[DimensionPart, ...] = ()

    @classmethod
    def of(cls, row: ParityRow) -> "ServiceRow":
        return cls(
            service=row.service,
            line=row.line,
            verdict=row.verdict,
            disposition=row.disposition,
            to=row.to,
            why=row.why,
            units=tuple(map(UnitSide.of, row.units)),
            ports=tuple(PortRow.of(side) for side in row.ports),
            unknown=row.unknowns,
            findings=tuple(ParityFinding.of(row.service, finding) for finding in row.findings),
            dimensions=tuple(map(DimensionPart.of, row.dimensions)),
        )


class ParityCounts(Part):
    services: int
    by_verdict: dict[ParityVerdict, int]
    findings: int

    @classmethod
    def of(cls, verdicts: Iterable[ParityVerdict], findings: int) -> "ParityCounts":
        counted = Counter(verdicts)
        by_verdict = {verdict: counted[verdict] for verdict in ParityVerdict}
        return cls(services=counted.total(), by_verdict=by_verdict, findings=findings)


class FileParity(Part):
    """One compose file. `findings`: those that belong to no service."""

    file: str
    verdict: ParityVerdict
    totals: ParityCounts
    services: tuple[ServiceRow, ...]
    findings: tuple[ParityFinding, ...]
    dimensions: tuple[DimensionCounts, ...] = ()
    ran: bool = Field(default=True, description="whether, according to its legacy record, this file was in use")

    @classmethod
    def of(cls, report: ParityReport) -> "FileParity":
        rows = tuple(ServiceRow.of(row) for row in report.rows)
        totals = ParityCounts.of((row.verdict for row in rows), len(report.findings))
        return cls(
            file=report.file,
            verdict=report.verdict,
            totals=totals,
            services=rows,
            findings=tuple(ParityFinding.of(stray.service, stray.finding) for stray in report.strays),
            dimensions=_sum_services(rows),
            ran=report.ran,
        )

    @property
    def counted(self) -> ParityCounts:
        every = sum(len(row.findings) for row in self.services) + len(self.findings)
        return ParityCounts.of((row.verdict for row in self.services), every)

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        if self.totals != self.counted:
            raise ValueError("the rows do not add up to the totals")
        if self.dimensions != _sum_services(self.services):
            raise ValueError("the settings of the rows do not add up to the totals")
        if self.verdict is not choose_verdict((self.totals,)):
            raise ValueError("the verdict does not follow from the rows")
        return self


def _sum_services(rows: Iterable[ServiceRow]) -> tuple[DimensionCounts, ...]:
    return sum_dimensions(each.counts for row in rows for each in row.dimensions)


class ParityDocument(Part):
    """`taken_at` is None without evidence."""

    schema_version: int = SCHEMA_VERSION
    host: str
    taken_at: str | None
    verdict: ParityVerdict
    totals: ParityCounts
    files: tuple[FileParity, ...]
    fail_on: Severity
    conclusion: Conclusion = Field(
        description="from the severities of the findings and the gate; it decides the exit code"
    )
    unreachable: str | None = Field(default=None, description="the reason why nothing is known about the host")
    dimensions: tuple[DimensionCounts, ...] = ()
    new_services: tuple[NewServiceRow, ...] = ()
    uncompared: tuple[str, ...] = Field(
        default=(), description="compose files that were in use according to the legacy records, but were not compared"
    )

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        if self.totals != sum_counts(self.files):
            raise ValueError("the files do not add up to the totals")
        if self.dimensions != sum_dimensions(each for file in self.files for each in file.dimensions):
            raise ValueError("the settings of the files do not add up to the totals")
        if self.verdict is not choose_verdict((file.totals for file in self.files), self.uncompared):
            raise ValueError("the verdict does not follow from the files")
        if self.conclusion is not conclude_files(self.files, self.fail_on, self.uncompared):
            raise ValueError("the conclusion does not follow from the files")
        return self


def sum_counts(files: Iterable[FileParity]) -> ParityCounts:
    every = tuple(files)
    verdicts = (row.verdict for file in every for row in file.services)
    return ParityCounts.of(verdicts, sum(file.totals.findings for file in every))


def choose_verdict(counts: Iterable[ParityCounts], uncompared: Sequence[str] = ()) -> ParityVerdict:
    """gap where anything is found, else unknown if anything is (or a file was not compared), else parity."""
    every = tuple(counts)
    if any(each.findings for each in every):
        return ParityVerdict.GAP
    known = every and all(each.services and not each.by_verdict[ParityVerdict.UNKNOWN] for each in every)
    return ParityVerdict.PARITY if known and not uncompared else ParityVerdict.UNKNOWN


def conclude_files(files: Sequence[FileParity], fail_on: Severity, uncompared: Sequence[str] = ()) -> Conclusion:
    findings = [found for file in files for found in (*(one for row in file.services for one in row.findings),
                                                      *file.findings)]  # fmt: skip
    rows = [row for file in files for row in file.services]
    open_ = any(row.unknown or row.verdict is ParityVerdict.UNKNOWN for row in rows)
    empty = not files or any(not file.services for file in files)
    return conclude(findings, fail_on, unknown=open_ or empty or bool(uncompared))


def build_report(
    reports: Sequence[ParityReport], new: Iterable[NewService] = (), uncompared: Sequence[str] = ()
) -> ParityDocument:
    """One document of the reports of several compose files against one host.

    `new`: services that none of them has; `uncompared`: files that ran and are not among them.
    """
    files = tuple(FileParity.of(report) for report in reports)
    gate = reports[0].gate if reports else Severity.WARNING
    return ParityDocument(
        host=reports[0].host if reports else "",
        taken_at=(reports[0].taken_at or None) if reports else None,
        verdict=choose_verdict((file.totals for file in files), uncompared),
        totals=sum_counts(files),
        files=files,
        fail_on=gate,
        conclusion=conclude_files(files, gate, uncompared),
        unreachable=reports[0].unreachable if reports else None,
        dimensions=sum_dimensions(each for file in files for each in file.dimensions),
        new_services=tuple(map(NewServiceRow.of, new)),
        uncompared=tuple(uncompared),
    )


def to_json(reports: Sequence[ParityReport]) -> str:
    return dump(build_report(reports))
