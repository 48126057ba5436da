"""What a finding's id means: title, usual severity, and the texts that `qtctl explain` prints."""

from dataclasses import dataclass

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Fix, Outcome, Severity, fingerprint
from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class Meaning:
    """`what` the finding is, `why` it matters, how to `fix` it. Ids never change meaning."""

    id: str
    title: str
    severity: Severity
    what: str
    why: str
    fix: str

    def broken(
        self,
        subject: str,
        what: str,
        remedy: str,
        place: Place | Origin | None,
        *,
        severity: Severity | None = None,
        fix: Fix | None = None,
    ) -> Finding:
        """A finding about what is declared, on whatever host: `what` is wrong with `subject`, and what to do."""
        same = f"{subject} {place}" if isinstance(place, Origin) else subject
        return Finding(
            id=self.id,
            outcome=Outcome.BROKEN,
            severity=severity or self.severity,
            title=self.title,
            subject=subject,
            place=place,
            what=what,
            remedy=remedy,
            fix=fix,
            fingerprint=fingerprint(self.id, "", same),
        )
