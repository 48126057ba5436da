"""What a registry's policy.toml makes of findings: how severe each is, and from which severity on a command fails."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.model.waiver import Waived, find_waiver


@dataclass(frozen=True, slots=True)
class Policy:
    """`gate`: the lowest severity that fails. `severities`: id → severity, in place of the rule's own.

    `waivers` count up to the day on which they expire; `today`: ISO 8601, by the clock of whoever judges.
    """

    gate: Severity = Severity.WARNING
    severities: Mapping[str, Severity] | None = None
    waivers: tuple[Waived, ...] = ()
    today: str = ""

    @classmethod
    def of(
        cls, fail_on: str, severities: Mapping[str, str], waivers: Iterable[Waived] = (), today: str = ""
    ) -> "Policy":
        """`today` may have a time, which does not count."""
        by_id = {id_: Severity(word) for id_, word in severities.items()}
        return cls(Severity(fail_on), by_id, tuple(waivers), today[:10])

    def rule(self, finding: Finding) -> Finding:
        """The finding with the severity that the policy gives it, and with its waiver."""
        severity = (self.severities or {}).get(finding.id, finding.severity)
        ruled = finding if severity is finding.severity else replace(finding, severity=severity)
        return self._waive(ruled) if self.waivers and finding.outcome is Outcome.BROKEN else ruled

    def _waive(self, finding: Finding) -> Finding:
        waiver = find_waiver(self.waivers, finding.id, finding.subject, self.today)
        if waiver is None:
            return finding
        if waiver.has_expired(self.today):
            return replace(finding, expired_waiver=str(waiver))
        return replace(finding, waiver=str(waiver))
