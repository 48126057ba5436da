"""What a registry's policy.toml makes of findings: how severe each is, and from which severity on a command fails."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from qtctl.findings.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Policy:
    """`gate`: the lowest severity that fails. `severities`: id → severity, in place of the rule's own."""

    gate: Severity = Severity.WARNING
    severities: Mapping[str, Severity] | None = None

    @classmethod
    def of(cls, fail_on: str, severities: Mapping[str, str]) -> "Policy":
        return cls(Severity(fail_on), {id_: Severity(word) for id_, word in severities.items()})

    def rule(self, finding: Finding) -> Finding:
        """The finding with the severity that the policy gives it."""
        severity = (self.severities or {}).get(finding.id, finding.severity)
        return finding if severity is finding.severity else replace(finding, severity=severity)
