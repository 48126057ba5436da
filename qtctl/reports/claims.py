"""What a document claims, and how each claim turned out; JSON."""

from collections.abc import Sequence

from pydantic import Field

from qtctl.claims.findings import get_rule
from qtctl.findings.finding import Finding, Severity
from qtctl.findings.verdict import Conclusion, conclude
from qtctl.model.claims import ClaimKind, Examined, Ground, Judged, Known, Verdict
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION

_ORDER = (Verdict.CONTRADICTED, Verdict.FALSE, Verdict.UNKNOWN, Verdict.TRUE)


class ClaimRow(Part):
    """One claim. `why`: what shows that it is true or false, or why that cannot be determined."""

    id: str = Field(description="id of the finding that it is, or would be if it did not hold")
    line: int
    text: str = Field(description="the line, without its markup")
    kind: ClaimKind
    subject: str
    value: str
    verdict: Verdict
    ground: Ground
    why: str
    other_line: int | None = Field(description="the line that says something else")
    proof: str = Field(description="a command, and the line that it printed")


class UncheckedRow(Part):
    line: int
    text: str


class ClaimTotals(Part):
    """Claims by verdict. `not_checked`: lines with numbers that no check understood; they have no verdict."""

    claims: int
    true: int
    false: int
    contradicts_itself: int
    unknown: int
    not_checked: int


class ClaimsReport(Part):
    """`host` and `evidence_at` are empty without a registry and evidence."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    file: str
    lines: int
    host: str
    evidence_at: str = Field(description="UTC, ISO 8601")
    gate: Severity
    conclusion: Conclusion
    totals: ClaimTotals
    claims: tuple[ClaimRow, ...] = Field(description="the worst first, then by line")
    not_checked: tuple[UncheckedRow, ...]


def build_report(examined: Examined, findings: Sequence[Finding], known: Known | None, gate: Severity) -> ClaimsReport:
    """A document in which nothing could be judged is incomplete."""
    verdicts = [each.verdict for each in examined.judged]
    judged = sorted(examined.judged, key=lambda each: _ORDER.index(each.verdict))
    return ClaimsReport(
        qtctl_version=VERSION,
        file=examined.file,
        lines=examined.lines,
        host=known.host if known is not None else "",
        evidence_at=known.taken_at if known is not None else "",
        gate=gate,
        conclusion=conclude(findings, gate, unknown=not findings),
        totals=ClaimTotals(
            claims=len(verdicts),
            true=verdicts.count(Verdict.TRUE),
            false=verdicts.count(Verdict.FALSE),
            contradicts_itself=verdicts.count(Verdict.CONTRADICTED),
            unknown=verdicts.count(Verdict.UNKNOWN),
            not_checked=len(examined.unchecked),
        ),
        claims=tuple(map(_make_row, judged)),
        not_checked=tuple(UncheckedRow(line=each.line, text=each.text) for each in examined.unchecked),
    )


def _make_row(judged: Judged) -> ClaimRow:
    claim = judged.claim
    return ClaimRow(
        id=get_rule(judged).id, line=claim.line, text=claim.text, kind=claim.kind, subject=claim.subject,
        value=claim.value, verdict=judged.verdict, ground=judged.ground, why=judged.why,
        other_line=judged.other or None, proof=judged.proof,
    )  # fmt: skip


def to_json(report: ClaimsReport) -> str:
    return dump(report)
