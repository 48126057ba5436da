"""A parity report for people: verdicts, each file's services side by side, what is wrong, what is unknown."""

from collections.abc import Iterable, Iterator, Sequence

from qtctl.parity.rows import ParityReport, ParityVerdict
from qtctl.report.markdown import NONE, UNKNOWN, code, counted, document, plain, section, table
from qtctl.report.parity import (
    FileParity,
    ParityCounts,
    ParityDocument,
    ParityFinding,
    ParityProof,
    PortRow,
    ServiceRow,
    UnitSide,
    build,
)
from qtctl.rules.sides import Listening

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


def to_markdown(reports: Sequence[ParityReport]) -> str:
    """The document of one or more compose files."""
    return render(build(reports))


def render(report: ParityDocument) -> str:
    host = f"Host {plain(report.host)}, "
    taken = f"evidence of {plain(report.taken_at)}." if report.taken_at else "no evidence: nothing can hold."
    return document(
        "Parity with the compose files",
        [headline(VERDICTS[report.verdict], report.totals), "", host + taken, ""],
        table(("file", "verdict", *(verdict.value for verdict in ParityVerdict), "findings"), summary(report)),
        [""],
        *(of_file(file) for file in report.files),
    )


def headline(verdict: str, totals: ParityCounts) -> str:
    counts = ", ".join(f"{count} {name.value}" for name, count in totals.by_verdict.items())
    return f"**{verdict}.** {counted(totals.services, 'service')}: {counts}; {counted(totals.findings, 'finding')}."


def summary(report: ParityDocument) -> Iterator[tuple[str, ...]]:
    for file in report.files:
        counts = map(str, file.totals.by_verdict.values())
        yield code(file.file), file.verdict.value, *counts, str(file.totals.findings)


def of_file(file: FileParity) -> list[str]:
    findings = [finding for row in file.services for finding in row.findings] + list(file.findings)
    rows = [row for row in file.services if row.unknown]
    unknown = [f"- {plain(row.service)}: {plain('; '.join(row.unknown))}" for row in rows]
    return [
        *section(plain(file.file), table(HEADS, (service_cells(row) for row in file.services))),
        *section("Findings", of_findings(findings), 3),
        *section("Unknown", unknown, 3),
        *section("Why", [f"- {plain(row.service)}: {plain(row.why)}" for row in file.services if row.why], 3),
        *section("Proof", list(proof_lines(file)), 3),
    ]


def service_cells(row: ServiceRow) -> tuple[str, ...]:
    return (
        code(row.service),
        str(row.line),
        row.disposition.value if row.disposition else "none",
        "<br>".join(code(unit.unit or unit.name) for unit in row.units) or plain(", ".join(row.to)),
        "<br>".join(state(unit) for unit in row.units),
        "<br>".join(code(port.compose) for port in row.ports),
        "<br>".join(declared(port) for port in row.ports),
        "<br>".join(listening(port) for port in row.ports),
        row.verdict.value,
    )


def state(unit: UnitSide) -> str:
    if not unit.active:
        return "absent" if unit.outcome.value == "broken" else UNKNOWN
    return plain(f"{unit.active} ({unit.sub})")


def declared(port: PortRow) -> str:
    if port.disposition.startswith("gone:"):
        return plain(port.disposition)
    return ", ".join(socket(each) for each in port.declared) or NONE


def listening(port: PortRow) -> str:
    if port.disposition.startswith("gone:"):
        return NONE
    if port.listening is None:
        return UNKNOWN
    return ", ".join(socket(each) for each in port.listening) or "nobody"


def socket(at: Listening) -> str:
    return f"{code(f'{at.address}:{at.port}')} {plain(at.unit or 'unit unknown')}"


def of_findings(findings: Iterable[ParityFinding]) -> list[str]:
    rows = [
        (
            finding.id,
            code(finding.service),
            code(finding.place),
            code(finding.subject),
            plain(finding.expected),
            plain(finding.observed),
            "<br>".join(shown(proof) for proof in finding.proof),
            plain(finding.remedy),
        )
        for finding in findings
    ]
    return table(FINDING_HEADS, rows) if rows else []


def proof_lines(file: FileParity) -> Iterator[str]:
    units = [proof for row in file.services for unit in row.units for proof in unit.proof]
    ports = [proof for row in file.services for port in row.ports for proof in port.proof]
    return (f"- {shown(proof)}" for proof in dict.fromkeys(units + ports))


def shown(proof: ParityProof) -> str:
    return f"{code(proof.again)} → {code(proof.line)}"
