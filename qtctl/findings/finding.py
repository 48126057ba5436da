"""A finding: the same form for lint, verify, audit, parity and adoption."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from qtctl.errors import Place
from qtctl.findings.remedy import Command
from qtctl.model.json import Json
from qtctl.model.origin import Origin


class Outcome(StrEnum):
    HOLDS = "holds"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    NOT_ASKED = "not-asked"
    """Only root could tell, and the registry does not want root asked: `evidence = "user"` and no `--become`."""

    @property
    def is_open(self) -> bool:
        """Whether it was not judged, for whatever reason."""
        return self in (Outcome.UNKNOWN, Outcome.NOT_ASKED)


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Proof:
    """A command that anyone can run on the host as an ordinary user, and the line it printed. `at` is UTC, ISO 8601."""

    ask: int
    again: str
    line: str
    at: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of one registry file that fixes a finding. `value` "": the key at `path` goes; else it is added there.

    A list that does not exist yet is made. `says`: the change in words.
    """

    file: str
    path: tuple[str, ...]
    value: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that should hold for one subject, and how that turned out: holds, broken, unknown or not asked.

    `id` is "" for a choice that no rule judges. `place`: what declares it, a node of the registry until the line is
    looked up. `what`: the fault in a sentence that the subject begins, where `expected` and `observed` do not say it;
    it names keys, never secrets. `remedy`: what to do; `commands`: those in it. `reason`: why it was
    not judged. `cause`: the fingerprint of the finding that caused this one. `waiver`: why it is accepted;
    `expired_waiver`: why it was, until a day.
    """

    id: str
    outcome: Outcome
    severity: Severity
    title: str
    subject: str
    host: str = ""
    place: Place | Origin | None = None
    what: str = ""
    expected: Json = None
    observed: Json = None
    proof: tuple[Proof, ...] = ()
    remedy: str = ""
    commands: tuple[Command, ...] = ()
    reason: str | None = None
    cause: str | None = None
    waiver: str | None = None
    expired_waiver: str | None = None
    fix: Fix | None = None
    untried: bool = False
    """If it was not asked: a rehearsal had nothing to try it on, and root could not tell either."""
    fingerprint: str


def make_fingerprint(id_: str, host: str, subject: str) -> str:
    """16 hex digits that stay the same when the same thing is found again: never made from values."""
    return sha256(f"{id_}\0{host}\0{subject}".encode()).hexdigest()[:16]
