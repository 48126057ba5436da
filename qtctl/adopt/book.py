"""What is written down while units are adopted: the fate of every line, and every judgment."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from qtctl.adopt.adoption import Fate, FileFate, Judgment, LineFate
from qtctl.adopt.suspect import clean, known_in, without
from qtctl.errors import Place
from qtctl.findings.finding import Severity


@dataclass(slots=True)
class Book:
    judgments: dict[Judgment, None] = field(default_factory=dict)
    """Each once, in the order in which they were made."""
    secrets: frozenset[str] = frozenset()
    """Of all that is adopted: none of them stands in a judgment."""
    files: dict[str, FileFate] = field(default_factory=dict)
    _lines: dict[str, dict[int, LineFate]] = field(default_factory=dict)

    def line(self, path: str, line: int, fate: Fate, what: str = "") -> None:
        """The fate of a line; a later one takes the place of an earlier one."""
        self._lines.setdefault(path, {})[line] = LineFate(line, fate, what)

    def unread(self, path: str) -> None:
        """All lines of a file that was read, and of which nothing was adopted in the end."""
        for line, fate in self._lines.get(path, {}).items():
            self._lines[path][line] = LineFate(line, Fate.UNREAD, fate.what)

    def file(self, fate: FileFate) -> None:
        self.files[fate.path] = fate

    def judge(self, judgment: Judgment) -> None:
        what, remedy = (without(text, self.secrets) for text in (judgment.what, judgment.remedy))
        self.judgments.setdefault(replace(judgment, what=what, remedy=remedy))

    def may_show(self, text: str) -> bool:
        """Whether a free text holds no secret."""
        return clean(text) and not any(known_in(text, self.secrets))

    def keep(self, secrets: frozenset[str]) -> None:
        """From now on these are secrets, also in what was judged before."""
        before, self.secrets, self.judgments = self.judgments, secrets, {}
        for judgment in before:
            self.judge(judgment)

    def error(self, id_: str, subject: str, what: str, remedy: str, *, at: Place) -> None:
        self.judge(Judgment(id_, Severity.ERROR, subject, what, remedy, at.file, at.line))

    def warn(self, id_: str, subject: str, what: str, remedy: str, *, at: Place) -> None:
        self.judge(Judgment(id_, Severity.WARNING, subject, what, remedy, at.file, at.line))

    def tell(self, subject: str, what: str, remedy: str = "", *, at: Place) -> None:
        """A choice, or something of interest, that is no finding."""
        self.judge(Judgment("", Severity.INFO, subject, what, remedy, at.file, at.line))

    def sealed(self) -> tuple[tuple[FileFate, ...], tuple[Judgment, ...]]:
        """Files with their lines, by path; judgments by place."""
        judgments = sorted(self.judgments, key=lambda each: (each.file, each.line or 0, each.id, each.what))
        return tuple(self._files()), tuple(judgments)

    def _files(self) -> Iterator[FileFate]:
        for path, fate in sorted(self.files.items()):
            lines = tuple(each for _, each in sorted(self._lines.get(path, {}).items()))
            yield FileFate(fate.path, fate.kind, fate.unit, fate.taken, fate.why, lines)
