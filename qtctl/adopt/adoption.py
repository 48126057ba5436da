"""The result of an adoption: what became of every line, and what was found."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.findings.policy import Policy
from qtctl.findings.verdict import Conclusion, conclude

GATE = Severity.ERROR
"""Only errors fail: warnings about a fleet that runs are shown, and do not stop its adoption."""


class Fate(StrEnum):
    """What became of a line."""

    TYPED = "typed"
    """In its own key."""
    HATCH = "hatch"
    """In [systemd.SECTION], as systemd reads it."""
    NOTE = "note"
    """A comment, in `notes`."""
    LAYOUT = "layout"
    """A section's head, an empty line, a line of dashes."""
    REPLACED = "replaced"
    """Assigned again or emptied later, or an assignment without effect."""
    IGNORED = "ignored"
    """systemd ignores it, or it has no effect there; a finding says so."""
    SECRET = "secret"  # noqa: S105 - a word of a report
    """Holds a secret; only its name was copied."""
    COPY = "copy"
    """In a copy that was not used."""
    REPORTED = "reported"
    """No key has it; a line of the report does."""
    UNREAD = "unread"
    """In a file that was not adopted: systemd would not load it, or no registry can express it."""


@dataclass(frozen=True, slots=True)
class LineFate:
    """`line`: where a logical line begins, from 1. `what`: the directive or key, never a value."""

    line: int
    fate: Fate
    what: str = ""


class FileKind(StrEnum):
    UNIT = "unit"
    DROPIN = "drop-in"
    LINK = "link"
    COMPOSE = "compose"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FileFate:
    """What became of a file. `unit` is '' if it belongs to none. `why` in words."""

    path: str
    kind: FileKind
    unit: str
    taken: bool
    why: str
    lines: tuple[LineFate, ...] = ()

    def count(self, *fates: Fate) -> int:
        return sum(line.fate in fates for line in self.lines)


LEFT = (Fate.NOTE, Fate.REPORTED)
"""For attributes of compose files: no key has them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A directive that differs between the rendered unit and the original, without its values.

    `because` is "" if nothing explains it.
    """

    unit: str
    section: str
    directive: str
    because: str


@dataclass(frozen=True, slots=True)
class AdoptedUnit:
    """`entry`: its place in the registry, a file or file#table. `typed` and `hatch` count directives.

    For a compose service they count attributes, and `left` those without a key: notes, and lines of the report.
    """

    unit: str
    entry: str
    file: str
    state: str
    typed: int
    hatch: int
    left: int = 0


@dataclass(frozen=True, slots=True)
class Adoption:
    """The result of an adoption: `source` as the user named it, `written` the files of the registry."""

    source: str
    units: tuple[AdoptedUnit, ...]
    files: tuple[FileFate, ...]
    judgments: tuple[Finding, ...]
    differences: tuple[Difference, ...]
    written: tuple[str, ...]
    unread: tuple[str, ...] = ()
    """What the host refused to show, each with the reason."""
    as_root: bool = False
    """Whether root looked at the host."""
    policy: Policy = field(default_factory=lambda: Policy(GATE))
    """The policy of the new registry: what adoption writes, or what was there before."""

    @property
    def lines(self) -> Counter[Fate]:
        return Counter(line.fate for file in self.files for line in file.lines)

    @property
    def share(self) -> float:
        """The share of directives in effect, or of all attributes, that have their own key: 0 to 1."""
        typed = sum(each.typed for each in self.units)
        left = sum(file.count(*LEFT) for file in self.files if file.kind is FileKind.COMPOSE)
        total = typed + left + sum(each.hatch for each in self.units)
        return typed / total if total else 1.0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The judgments, with the severities of the policy."""
        return tuple(map(self.policy.rule, self.judgments))

    @property
    def to_do(self) -> tuple[str, ...]:
        """What must be done by hand before these units are what they were: one sentence each."""
        return tuple(finding.what for finding in _list_to_do(self))

    @property
    def conclusion(self) -> Conclusion:
        """From the findings, the manual steps and the policy; incomplete if part of a host was not read."""
        judged = (each for each in self.findings if each.id)
        return conclude(
            (*judged, *map(self.policy.rule, _list_to_do(self))), self.policy.gate, unknown=bool(self.unread)
        )


def _make_open(source: str, what: str, id_: str = "") -> Finding:
    """A manual step: an error, unless the policy says otherwise about its finding."""
    return Finding(
        id=id_,
        outcome=Outcome.BROKEN,
        severity=Severity.ERROR,
        title="to do",
        subject=source,
        what=what,
        fingerprint=make_fingerprint(id_, "", source),
    )


def _is_hidden(finding: Finding) -> bool:
    """A secret that the unit needs, not one in a comment."""
    return finding.id == "QT109" and finding.severity is Severity.ERROR


def _list_to_do(adoption: Adoption) -> Iterator[Finding]:
    source = adoption.source
    if adoption.as_root:
        yield _make_open(source, "make an account for audits on the host: audit_user in hosts.toml is a guess", "QT115")
    lost = sorted({file.unit for file in adoption.files if any(line.fate is Fate.UNREAD for line in file.lines)})
    if lost:
        yield _make_open(source, f"not adopted, see their findings: {', '.join(lost)}")
    secrets = sorted({each.subject for each in adoption.judgments if _is_hidden(each)})
    if secrets:
        yield _make_open(source, f"secrets to be put on the host, for {', '.join(secrets)}", "QT109")
    unsaid = sorted({each.subject for each in adoption.judgments if not each.id and each.severity is not Severity.INFO})
    if unsaid:
        yield _make_open(source, f"look at the warnings about {', '.join(unsaid)}")
    if any(not each.because for each in adoption.differences):
        yield _make_open(source, "directives that are rendered differently")
