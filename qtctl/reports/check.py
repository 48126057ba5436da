"""A finding in the JSON of a report."""

from dataclasses import dataclass, field

from qtctl.findings.finding import Finding, Outcome, Proof, Severity
from qtctl.model.json import Json


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that should hold for one subject. `because` is the fingerprint of the check that caused this one."""

    id: str
    outcome: Outcome
    severity: Severity
    title: str
    host: str
    subject: str
    expected: Json
    observed: Json
    declared: str
    proof: tuple[Proof, ...]
    remedy: str
    commands: tuple[tuple[str, ...], ...] = field(kw_only=True, default=())
    reason: str | None
    because: str | None
    waiver: str | None
    fingerprint: str
    expired_waiver: str | None = field(kw_only=True, default=None)

    @classmethod
    def of(cls, finding: Finding) -> "Check":
        return cls(
            id=finding.id,
            outcome=finding.outcome,
            severity=finding.severity,
            title=finding.title,
            host=finding.host,
            subject=finding.subject,
            expected=finding.expected,
            observed=finding.observed,
            declared=str(finding.place or ""),
            proof=finding.proof,
            remedy=finding.remedy,
            commands=finding.commands,
            reason=finding.reason,
            because=finding.cause,
            waiver=finding.waiver,
            fingerprint=finding.fingerprint,
            expired_waiver=finding.expired_waiver,
        )
