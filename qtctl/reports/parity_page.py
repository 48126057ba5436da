"""A parity report for people: verdicts, each file's services side by side, what is wrong, what is unknown."""

from collections.abc import Iterable, Iterator

from qtctl.parity.rows import ParityVerdict
from qtctl.reports.blocks import Blocks, Code, Paragraph, Section, Strong, Table, Text, Title, bullets, joined, table
from qtctl.reports.parity import (
    FileParity,
    ParityCounts,
    ParityDocument,
    ParityFinding,
    ParityProof,
    PortRow,
    ServiceRow,
    UnitSide,
)
from qtctl.reports.phrases import NONE, UNKNOWN, counted
from qtctl.rules.sides import Listening

MANY = 3
HEADS = (
    "compose service",
    "line",
    "disposition",
    "unit",
    "state",
    "port then",
    "port declared",
    "listens now",
    "verdict",
)
FINDING_HEADS = ("id", "service", "place", "subject", "expected", "observed", "proof", "remedy")
VERDICTS = {
    ParityVerdict.PARITY: "Parity",
    ParityVerdict.GAP: "Not at parity",
    ParityVerdict.UNKNOWN: "Unknown: parity is not shown",
}


def build_page(report: ParityDocument) -> Blocks:
    return _blocks(report, proofs=True)


def build_screen(report: ParityDocument) -> Blocks:
    """All but the proofs of what holds."""
    return _blocks(report, proofs=False)


def _blocks(report: ParityDocument, *, proofs: bool) -> Blocks:
    taken = f"evidence of {report.taken_at}." if report.taken_at else "no evidence: nothing can hold."
    heads = ("file", "verdict", *(verdict.value for verdict in ParityVerdict), "findings")
    return (
        Title("Parity with the compose files"),
        Paragraph(headline(VERDICTS[report.verdict], report.totals)),
        Paragraph(f"Host {report.host}, {taken}"),
        *((Paragraph(f"Nothing could be asked: {report.unreachable}"),) if report.unreachable else ()),
        Table(heads, tuple(summary(report))),
        *(block for file in report.files for block in of_file(file, report.unreachable, proofs=proofs)),
    )


def headline(verdict: str, totals: ParityCounts) -> Text:
    counts = ", ".join(f"{count} {name.value}" for name, count in totals.by_verdict.items())
    found = counted(totals.findings, "finding")
    return (Strong(f"{verdict}."), f" {counted(totals.services, 'service')}: {counts}; {found}.")


def summary(report: ParityDocument) -> Iterator[tuple[Text, ...]]:
    for file in report.files:
        counts = map(str, file.totals.by_verdict.values())
        yield Code(file.file), file.verdict.value, *counts, str(file.totals.findings)


def of_file(file: FileParity, unreachable: str | None, *, proofs: bool) -> Blocks:
    """`unreachable`: the reason that the head of the report has already given for what is unknown."""
    findings = [finding for row in file.services for finding in row.findings] + list(file.findings)
    reasons = ((row.service, [each for each in row.unknown if each != unreachable]) for row in file.services)
    unknown = _by_reason((service, "; ".join(those)) for service, those in reasons if those)
    why = [f"{row.service}: {row.why}" for row in file.services if row.why]
    return (
        Section(
            file.file,
            (
                Table(HEADS, tuple(service_cells(row) for row in file.services)),
                Section("Findings", of_findings(findings)),
                Section("Unknown", bullets(unknown)),
                Section("Why", bullets(why)),
                Section("Proof", bullets(proof_lines(file)) if proofs else ()),
            ),
        ),
    )


def _by_reason(unknown: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A line for each service; one for many with the same reason, as where the host was not reached."""
    services: dict[str, list[str]] = {}
    for service, reason in unknown:
        services.setdefault(reason, []).append(service)
    for reason, those in services.items():
        if len(those) > MANY:
            yield f"{counted(len(those), 'service')}: {reason}"
        else:
            yield from (f"{service}: {reason}" for service in those)


def service_cells(row: ServiceRow) -> tuple[Text, ...]:
    return (
        Code(row.service),
        str(row.line),
        row.disposition.value if row.disposition else "none",
        joined(Code(unit.unit or unit.name) for unit in row.units) or ", ".join(row.to),
        joined(state(unit) for unit in row.units),
        joined(Code(port.compose) for port in row.ports),
        joined(declared(port) for port in row.ports),
        joined(listening(port) for port in row.ports),
        row.verdict.value,
    )


def state(unit: UnitSide) -> str:
    if not unit.active:
        return "absent" if unit.outcome.value == "broken" else UNKNOWN
    return f"{unit.active} ({unit.sub})"


def declared(port: PortRow) -> Text:
    if port.disposition.startswith("gone:"):
        return port.disposition
    return joined(map(socket, port.declared), ", ") or NONE


def listening(port: PortRow) -> Text:
    if port.disposition.startswith("gone:"):
        return NONE
    if port.listening is None:
        return UNKNOWN
    return joined(map(socket, port.listening), ", ") or "nobody"


def socket(at: Listening) -> Text:
    return (Code(f"{at.address}:{at.port}"), f" {at.unit or 'unit unknown'}")


def of_findings(findings: Iterable[ParityFinding]) -> Blocks:
    rows = (
        (
            finding.id,
            Code(finding.service),
            Code(finding.place),
            Code(finding.subject),
            finding.expected,
            finding.observed,
            joined(map(shown, finding.proof)),
            finding.remedy,
        )
        for finding in findings
    )
    return table(FINDING_HEADS, rows)


def proof_lines(file: FileParity) -> Iterator[Text]:
    units = [proof for row in file.services for unit in row.units for proof in unit.proof]
    ports = [proof for row in file.services for port in row.ports for proof in port.proof]
    return map(shown, dict.fromkeys(units + ports))


def shown(proof: ParityProof) -> Text:
    return (Code(proof.again), " → ", Code(proof.line))
