"""A parity report for people: verdicts, each file's services and settings side by side, gaps, and what is unknown."""

from collections.abc import Iterable, Iterator

from qtctl.parity.rows import ParityVerdict
from qtctl.reports.blocks import (
    Blocks,
    Code,
    Paragraph,
    Section,
    Strong,
    Table,
    Text,
    Title,
    join,
    make_list,
    make_table,
)
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
from qtctl.reports.parity_tables import show_dimensions, show_settings
from qtctl.reports.phrases import NONE, UNKNOWN, format_count
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
    ParityVerdict.PARITY: "Full parity",
    ParityVerdict.GAP: "Not at parity",
    ParityVerdict.UNKNOWN: "Unknown: parity is not shown",
}


def build_page(report: ParityDocument) -> Blocks:
    taken = f"evidence of {report.taken_at}." if report.taken_at else "no evidence: nothing can hold."
    heads = ("file", "verdict", *(verdict.value for verdict in ParityVerdict), "findings")
    return (
        Title("Parity with the compose files"),
        Paragraph(write_headline(VERDICTS[report.verdict], report.totals)),
        Paragraph(f"Host {report.host}, {taken}"),
        *((Paragraph(f"Nothing could be asked: {report.unreachable}"),) if report.unreachable else ()),
        *write_uncompared(report),
        Section("Summary", (Table(heads, tuple(list_summary(report))), *show_dimensions(report.dimensions))),
        *(block for file in report.files for block in show_file(file, report.unreachable)),
        Section("New services", show_new_services(report)),
        Section("Verdict", (Paragraph(write_headline(VERDICTS[report.verdict], report.totals)),)),
    )


def write_uncompared(report: ParityDocument) -> Blocks:
    """Which files ran and were not compared, and which of the compared ones did not run."""
    aside = [file.file for file in report.files if not file.ran]
    found: list[Text] = []
    if report.uncompared:
        names = join(map(Code, report.uncompared), ", ")
        found.append(("Not compared, though the registry records that it ran: ", *names, ". Name it with --compose."))
    if aside:
        found.append(("By the registry, not what ran: ", *join(map(Code, aside), ", "), "."))
    return tuple(map(Paragraph, found))


def show_new_services(report: ParityDocument) -> Blocks:
    rows = ((Code(each.name), Code(each.unit), each.why or NONE) for each in report.new_services)
    return make_table(("service", "unit", "why it came"), rows)


def write_headline(verdict: str, totals: ParityCounts) -> Text:
    counts = ", ".join(f"{count} {name.value}" for name, count in totals.by_verdict.items())
    found = format_count(totals.findings, "finding")
    return (Strong(f"{verdict}."), f" {format_count(totals.services, 'service')}: {counts}; {found}.")


def list_summary(report: ParityDocument) -> Iterator[tuple[Text, ...]]:
    for file in report.files:
        counts = map(str, file.totals.by_verdict.values())
        yield Code(file.file), file.verdict.value, *counts, str(file.totals.findings)


def show_file(file: FileParity, unreachable: str | None) -> Blocks:
    """`unreachable`: the reason for unknowns that the head of the report has already given."""
    findings = list_findings(file)
    unknown = list_unknown(file, unreachable)
    why = [f"{row.service}: {row.why}" for row in file.services if row.why]
    return (
        Section(
            file.file,
            (
                Section("Service mapping", (Table(HEADS, tuple(make_service_cells(row) for row in file.services)),)),
                *show_settings(file, unreachable),
                Section("Gaps and risks", show_findings(findings)),
                Section("Unknown", make_list(unknown)),
                Section("Why", make_list(why)),
                Section("Proof", make_list(list_proofs(file))),
            ),
        ),
    )


def list_findings(file: FileParity) -> list[ParityFinding]:
    return [finding for row in file.services for finding in row.findings] + list(file.findings)


def list_unknown(file: FileParity, unreachable: str | None) -> Iterator[str]:
    """Services, with the reasons for what is unknown about them."""
    by_reason: dict[str, list[str]] = {}
    for row in file.services:
        for each in row.unknown:
            if each != unreachable:
                by_reason.setdefault(each, []).append(row.service)
    shared = {reason for reason, services in by_reason.items() if len(services) > MANY}
    yield from (f"{format_count(len(by_reason[reason]), 'service')}: {reason}" for reason in by_reason
                if reason in shared)  # fmt: skip
    for row in file.services:
        own = [each for each in row.unknown if each != unreachable and each not in shared]
        if own:
            yield f"{row.service}: {'; '.join(own)}"


def make_service_cells(row: ServiceRow) -> tuple[Text, ...]:
    return (
        Code(row.service),
        str(row.line),
        row.disposition.value if row.disposition else "none",
        join(Code(unit.unit or unit.name) for unit in row.units) or ", ".join(row.to),
        join(format_state(unit) for unit in row.units),
        join(Code(port.compose) for port in row.ports),
        join(format_declared(port) for port in row.ports),
        join(format_listening(port) for port in row.ports),
        row.verdict.value,
    )


def format_state(unit: UnitSide) -> str:
    if not unit.active:
        return "absent" if unit.outcome.value == "broken" else UNKNOWN
    return f"{unit.active} ({unit.sub})"


def format_declared(port: PortRow) -> Text:
    if port.disposition.startswith("gone:"):
        return port.disposition
    return join(map(format_socket, port.declared), ", ") or NONE


def format_listening(port: PortRow) -> Text:
    if port.disposition.startswith("gone:"):
        return NONE
    if port.listening is None:
        return UNKNOWN
    return join(map(format_socket, port.listening), ", ") or "nobody"


def format_socket(at: Listening) -> Text:
    return (Code(f"{at.address}:{at.port}"), f" {at.unit or 'unit unknown'}")


def show_findings(findings: Iterable[ParityFinding]) -> Blocks:
    rows = (
        (
            finding.id,
            Code(finding.service),
            Code(finding.place),
            Code(finding.subject),
            finding.expected,
            finding.observed,
            join(map(format_proof, finding.proof)),
            "; ".join(filter(None, (finding.remedy, finding.waived))),
        )
        for finding in findings
    )
    return make_table(FINDING_HEADS, rows)


def list_proofs(file: FileParity) -> Iterator[Text]:
    units = [proof for row in file.services for unit in row.units for proof in unit.proof]
    ports = [proof for row in file.services for port in row.ports for proof in port.proof]
    return map(format_proof, dict.fromkeys(units + ports))


def format_proof(proof: ParityProof) -> Text:
    return (Code(proof.again), " → ", Code(proof.line))
