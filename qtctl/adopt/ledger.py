"""The record of an adoption: the fate of every line, and everything that was found or chosen."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from qtctl.adopt.adoption import Fate, FileFate, LineFate
from qtctl.adopt.suspect import find_known, hide_known, shows_no_secret
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.findings.meaning import Meaning


@dataclass(slots=True)
class Ledger:
    judgments: dict[Finding, None] = field(default_factory=dict)
    """Each once, in order."""
    secrets: frozenset[str] = frozenset()
    """All secrets in what is adopted: findings contain none of them."""
    files: dict[str, FileFate] = field(default_factory=dict)
    _lines: dict[str, dict[int, LineFate]] = field(default_factory=dict)
    _attributes: dict[str, list[LineFate]] = field(default_factory=dict)

    def note_line(self, path: str, line: int, fate: Fate, what: str = "") -> None:
        """The fate of a line; a later one replaces an earlier one."""
        self._lines.setdefault(path, {})[line] = LineFate(line, fate, what)

    def note_attribute(self, path: str, line: int, fate: Fate, what: str) -> None:
        """The fate of one of several things in a line."""
        self._attributes.setdefault(path, []).append(LineFate(line, fate, what))

    def note_unread(self, path: str) -> None:
        """All lines of a file that was read, but from which nothing was adopted in the end."""
        for line, fate in self._lines.get(path, {}).items():
            self._lines[path][line] = LineFate(line, Fate.UNREAD, fate.what)

    def note_file(self, fate: FileFate) -> None:
        self.files[fate.path] = fate

    def judge(self, finding: Finding) -> None:
        what, remedy = (hide_known(text, self.secrets) for text in (finding.what, finding.remedy))
        self.judgments.setdefault(replace(finding, what=what, remedy=remedy))

    def may_show(self, text: str) -> bool:
        """Whether a text holds no secret."""
        return shows_no_secret(text) and not any(find_known(text, self.secrets))

    def keep(self, secrets: frozenset[str]) -> None:
        """Treat these as secrets from now on, also in earlier findings."""
        before, self.secrets, self.judgments = self.judgments, secrets, {}
        for finding in before:
            self.judge(finding)

    def note_error(self, meaning: Meaning, subject: str, what: str, remedy: str, *, at: Place) -> None:
        self.judge(meaning.make_broken(subject, what, remedy, at, severity=Severity.ERROR))

    def warn(self, meaning: Meaning, subject: str, what: str, remedy: str, *, at: Place) -> None:
        self.judge(meaning.make_broken(subject, what, remedy, at, severity=Severity.WARNING))

    def tell(self, subject: str, what: str, remedy: str = "", *, at: Place, severity: Severity = Severity.INFO) -> None:
        """Report a choice or an observation that belongs to no rule. A warning needs a person's attention."""
        self.judge(
            Finding(
                id="",
                outcome=Outcome.BROKEN,
                severity=severity,
                title="",
                subject=subject,
                place=at,
                what=what,
                remedy=remedy,
                fingerprint=make_fingerprint("", "", subject),
            )
        )

    def seal(self) -> tuple[tuple[FileFate, ...], tuple[Finding, ...]]:
        """Files with their lines, by path; findings and choices by place."""
        return tuple(self._list_files()), tuple(sorted(self.judgments, key=_order))

    def _list_files(self) -> Iterator[FileFate]:
        for path, fate in sorted(self.files.items()):
            attributes = sorted(self._attributes.get(path, ()), key=lambda each: each.line)
            lines = (*(each for _, each in sorted(self._lines.get(path, {}).items())), *attributes)
            yield FileFate(fate.path, fate.kind, fate.unit, fate.taken, fate.why, lines)


def _order(finding: Finding) -> tuple[str, int, str, str]:
    place = finding.place if isinstance(finding.place, Place) else Place("")
    return place.file, place.line or 0, finding.id, finding.what
