"""Totals, computed from the checks, passes included."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from qtctl.findings.finding import Finding, Outcome, Severity


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """`findings` counts broken checks by severity, all severities named; it adds up to `broken`."""

    holds: int
    broken: int
    unknown: int
    findings: tuple[tuple[Severity, int], ...]

    @property
    def total(self) -> int:
        return self.holds + self.broken + self.unknown

    def at_least(self, gate: Severity) -> int:
        """Findings of this severity or above."""
        return sum(count for severity, count in self.findings if severity.rank >= gate.rank)


def verdict_counts(checks: Iterable[Finding]) -> VerdictCounts:
    counted = tuple(checks)
    outcomes = Counter(check.outcome for check in counted)
    severities = Counter(check.severity for check in counted if check.outcome is Outcome.BROKEN)
    return VerdictCounts(
        holds=outcomes[Outcome.HOLDS],
        broken=outcomes[Outcome.BROKEN],
        unknown=outcomes[Outcome.UNKNOWN],
        findings=tuple((severity, severities[severity]) for severity in Severity),
    )
