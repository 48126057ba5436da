"""Findings of lint as they are shown."""

from dataclasses import dataclass

from qtctl.dialects.wording import join_some
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Fix, Outcome, Severity


@dataclass(frozen=True, slots=True)
class Placed:
    """Findings that differ only in their subject, merged into one, with their file and line."""

    finding: Finding
    subjects: tuple[str, ...]
    place: Place
    fixes: tuple[Fix, ...] = ()

    @property
    def subject(self) -> str:
        return join_some(self.subjects, 1)

    @property
    def id(self) -> str:
        return self.finding.id

    @property
    def outcome(self) -> Outcome:
        return self.finding.outcome

    @property
    def severity(self) -> Severity:
        return self.finding.severity

    @property
    def waiver(self) -> str | None:
        return self.finding.waiver

    @property
    def what(self) -> str:
        return self.finding.what

    @property
    def remedy(self) -> str:
        return self.finding.remedy


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fix that was made: for which finding, and where in the original file."""

    id: str
    fix: Fix
    place: Place
