"""What lint finds in a registry and in what is rendered from it."""

from dataclasses import dataclass

from qtctl.errors import Place
from qtctl.findings.finding import Severity
from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of one registry file that mends a finding. `value` "": the key at `path` goes; else it is added there.

    A list that is not there is made.
    """

    file: str
    path: tuple[str, ...]
    value: str
    says: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one subject. `at` is where it is declared, or the line of a unit template.

    `what` names keys, never the values of an environment or of an argument. Findings that differ only in `subject` are
    shown as one.
    """

    id: str
    severity: Severity
    subject: str
    what: str
    remedy: str
    at: Origin | Place
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Findings of one kind at one place, as they are shown."""

    id: str
    severity: Severity
    subjects: tuple[str, ...]
    what: str
    remedy: str
    place: Place
    fixes: tuple[Fix, ...] = ()

    @property
    def subject(self) -> str:
        more = len(self.subjects) - 1
        return self.subjects[0] + (f" and {more} more" if more else "")
