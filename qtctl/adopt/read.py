"""Files → their lines, each judged as systemd would read it: what counts, what is a comment, what is ignored."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from qtctl.adopt.adoption import Fate
from qtctl.adopt.encoding import decode
from qtctl.adopt.judge import judge_line
from qtctl.adopt.ledger import Ledger
from qtctl.dialects.systemd.fatal import find_fatal
from qtctl.dialects.systemd.unitfile import Kind, Line, UnitFile, parse
from qtctl.errors import InputError, Place
from qtctl.rules.units.misread import QT110

_DECORATION = re.compile(r"[\W_]*")
_UNSAVED = "save it as UTF-8 text"


@dataclass(frozen=True, slots=True)
class Assignment:
    """An effective assignment. `section` and `key` in their current spelling."""

    section: str
    key: str
    value: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Comment:
    """`about`: the directive directly below it, or ''."""

    text: str
    about: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Content:
    """The parts of a file that are kept."""

    said: tuple[Assignment, ...]
    comments: tuple[Comment, ...]
    file: UnitFile
    """As parsed, including ignored lines."""
    ignored: tuple[Assignment, ...] = ()
    unloadable: bool = False
    """systemd does not load the file, because of its encoding."""


def read(raw: bytes, path: str, unit: str, version: int, ledger: Ledger) -> Content | None:
    """None if the syntax makes systemd refuse the file; every line has its fate in `ledger` either way.

    A file that is only in another encoding is read and judged.
    """
    text = decode(raw)
    if text.trouble and not text.harmless:
        ledger.note_error(QT110, unit, f"the file {text.trouble}", _UNSAVED, at=Place(path))
    elif text.trouble:
        ledger.warn(QT110, unit, f"the file {text.trouble}", "save it with LF alone and no mark", at=Place(path))
    try:
        file = parse(text.text, path)
    except InputError as error:
        _note_unread(text.text, path, unit, error, ledger)
        return None
    ignored: list[Assignment] = []
    said = tuple(_read_assignments(file, unit, version, ledger, ignored))
    odd = bool(text.trouble) and not text.harmless
    return Content(said, tuple(_read_comments(file)), file, tuple(ignored), odd)


def _note_unread(text: str, path: str, unit: str, error: InputError, ledger: Ledger) -> None:
    line = error.place.line if error.place else None
    remedy = error.hint or "fix it, and adopt again"
    what = f"{error.what}: systemd does not load the file"
    ledger.note_error(QT110, unit, what, remedy, at=Place(path, line))
    for number, _ in enumerate(re.split(r"\r\n|\n\r|\n|\r", text), start=1):
        ledger.note_line(path, number, Fate.UNREAD)


def _read_assignments(
    file: UnitFile, unit: str, version: int, ledger: Ledger, ignored: list[Assignment]
) -> Iterator[Assignment]:
    gave_up = False
    for line in file.lines:
        if line.kind is not Kind.DIRECTIVE:
            _note_aside(line, file.name, ledger)
        found = judge_line(line, unit, version)
        gave_up = gave_up or _gives_up(line, unit, version)
        if found is not None and not gave_up:
            ledger.judge(replace(found.finding, place=Place(file.name, line.line)))
        if line.kind is not Kind.DIRECTIVE:
            continue
        said = Assignment(line.section, line.key, line.value, file.name, line.line)
        if gave_up or (found is not None and found.ignored):
            ledger.note_line(file.name, line.line, Fate.IGNORED, f"{line.key}=")
            ignored.append(said)
            continue
        yield said if found is None or found.kept is None else replace(said, value=found.kept)


def _gives_up(line: Line, unit: str, version: int) -> bool:
    """Whether systemd stops reading the file here: that is reported when the unit is merged."""
    trouble = find_fatal(unit, line.section, line.key, line.value, version) if line.kind is Kind.DIRECTIVE else None
    return trouble is not None and trouble.fatal


def _note_aside(line: Line, path: str, ledger: Ledger) -> None:
    """The fate of anything but an assignment; comments get theirs when they are kept."""
    fate = Fate.IGNORED if line.kind is Kind.IGNORED else Fate.LAYOUT
    what = f"[{line.section}]" if line.kind is Kind.SECTION else ""
    ledger.note_line(path, line.line, fate, what)


def _read_comments(file: UnitFile) -> Iterator[Comment]:
    for at, line in enumerate(file.lines):
        if line.kind is not Kind.COMMENT:
            continue
        text = line.raw.strip().lstrip("#; \t").rstrip()
        if not _DECORATION.fullmatch(text):
            yield Comment(text, _find_directive(file, at), file.name, line.line)


def _find_directive(file: UnitFile, at: int) -> str:
    """The directive directly after a block of comments."""
    below = next((line for line in file.lines[at + 1 :] if line.kind is not Kind.COMMENT), None)
    return below.key if below is not None and below.kind is Kind.DIRECTIVE else ""
