"""What a finding's id means: title, usual severity, and the texts that `qtctl explain` prints."""

from dataclasses import dataclass, field

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Fix, Outcome, Severity, make_fingerprint
from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class Wording:
    """A title, and the words after a number of them: "unit failed", 3 "units failed".

    `untidy`: nothing fails and nothing is exposed by it, so it comes after whatever fails or is exposed.
    """

    title: str
    several: str = ""
    untidy: bool = False

    def format_count(self, number: int) -> str:
        if number == 1:
            return self.title
        return f"{number} {self.several}" if self.several else f"{number} times {self.title}"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`what` the finding is, `why` it matters, how to `fix` it. Ids never change meaning.

    `several` and `untidy` as for a `Wording`. `variants`: titles for special cases of it.
    """

    id: str
    title: str
    severity: Severity
    what: str
    why: str
    fix: str
    several: str = field(default="", kw_only=True)
    untidy: bool = field(default=False, kw_only=True)
    variants: tuple[Wording, ...] = field(default=(), kw_only=True)

    @property
    def wordings(self) -> tuple[Wording, ...]:
        return (Wording(self.title, self.several, self.untidy), *self.variants)

    def make_broken(
        self,
        subject: str,
        what: str,
        remedy: str,
        place: Place | Origin | None,
        *,
        severity: Severity | None = None,
        fix: Fix | None = None,
    ) -> Finding:
        """A finding about what is declared, on any host: `what` is wrong with `subject`, and what to do."""
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
            fingerprint=make_fingerprint(self.id, "", same),
        )
