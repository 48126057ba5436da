"""Unit files: a lossless parse, and what systemd makes of a file and its drop-ins (conf-parser.c, systemd.syntax(7)).

A line ends at LF, CR, CRLF or LF CR. A comment may occur inside a continued directive. Nothing is dropped: what systemd
ignores is a line too, with the reason.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from qtctl.dialects.systemd.directives import (
    EMPTY_SAYS,
    NEVER_EMPTIED,
    AssignmentRule,
    find_assignment_rule,
    reset_with,
)
from qtctl.dialects.systemd.splitting import (
    WHITESPACE,
    Escapes,
    explain_trouble,
    split,
    split_as_written,
    split_plain_words,
)
from qtctl.errors import InputError, Place

MAX_LINE = 1024**2
SHORT = 4096
"""Characters of a line whose bytes need no counting."""

_PHYSICAL = re.compile(r"([^\r\n]*)(\r\n|\n\r|\n|\r|\Z)")
_UNSAFE_SECTION = re.compile("[\x00-\x1f\x7f\"'\\\\]")
_ESCAPES = {
    AssignmentRule.INSTALL: Escapes.NONE,
    AssignmentRule.PATHS: Escapes.LITERAL,
    AssignmentRule.MOUNTS: Escapes.LITERAL,
    AssignmentRule.WORDS: Escapes.C_RELAXED,
}

Effective = dict[tuple[str, str], tuple[str, ...]]


class Kind(StrEnum):
    SECTION = "section"
    DIRECTIVE = "directive"
    COMMENT = "comment"
    BLANK = "blank"
    IGNORED = "ignored"
    """Something that systemd skips with a warning; `problem` says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line. `raw` is its whole text with line ends and continuations, `line` the number of its first line."""

    kind: Kind
    raw: str
    line: int
    section: str = ""
    key: str = ""
    value: str = ""
    problem: str = ""


class Assigning(Protocol):
    """A directive that is assigned a value, in a line of a file."""

    @property
    def section(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def line(self) -> int: ...


@dataclass(frozen=True, slots=True)
class UnitFile:
    """`name`: as the user knows the file."""

    name: str
    lines: tuple[Line, ...]

    @property
    def crlf(self) -> bool:
        """Whether any line ends with a carriage return: systemd accepts it, an editor or `sh` may not."""
        return any("\r" in line.raw for line in self.lines)

    @property
    def directives(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind is Kind.DIRECTIVE)

    @property
    def ignored(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind is Kind.IGNORED)

    def place(self, section: str, key: str) -> Place:
        """The place of the last assignment of a directive, else of the file."""
        lines = [line.line for line in self.directives if (line.section, line.key) == (section, key)]
        return Place(self.name, lines[-1] if lines else None)


def parse(text: str | bytes, name: str) -> UnitFile:
    """The lines of a unit file. InputError with file and line for what makes systemd refuse the file."""
    if isinstance(text, bytes):
        text = _decode(text, name)
    if "\0" in text:
        raise InputError("a NUL character", place=Place(name, text.count("\n", 0, text.index("\0")) + 1))
    section = ""
    lines: list[Line] = []
    for number, raw, joined in _join_lines(text, name):
        line = Line(Kind.COMMENT, raw, number) if joined is None else _read_line(number, raw, joined, section, name)
        section = line.section if line.kind is Kind.SECTION else section
        lines.append(line)
    return UnitFile(name, tuple(lines))


def write(unitfile: UnitFile) -> str:
    """The text again, byte for byte."""
    return "".join(line.raw for line in unitfile.lines)


def merge_effective(unitfile: UnitFile, dropins: Sequence[UnitFile] = ()) -> Effective:
    """(section, directive) → values, with `dropins` in the order in which systemd reads them.

    A scalar has one value, "" if last assigned empty. A list has its items, none if it was emptied. Values are as
    written, with specifiers; words of lists are unquoted.
    """
    found = _Assigned()
    for file in (unitfile, *dropins):
        for line in file.directives:
            found.assign(line, file.name)
    return found.list_effective()


def merge_assignments(said: Iterable[Assigning], name: str) -> Effective:
    """As `merge_effective`, of assignments that were kept of a file; `name` is for errors."""
    found = _Assigned()
    for each in said:
        found.assign(each, name)
    return found.list_effective()


def _decode(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError("not UTF-8 text", hint="systemd reads UTF-8 only", place=Place(name, line)) from error


def _join_lines(text: str, name: str) -> Iterator[tuple[int, str, str | None]]:
    """Logical lines: number, whole text, and the text with its continuations joined; None for a comment."""
    bom_seen, open_ = False, _Open()
    for number, (written, whole) in enumerate(_split_lines(text), start=1):
        if written.lstrip(WHITESPACE)[:1] in ("#", ";"):
            if open_.raw:
                open_.raw.append(whole)
            else:
                yield number, whole, None
            continue
        marked = not bom_seen and written.startswith("\ufeff")
        bom_seen = bom_seen or marked
        body = written[1:] if marked else written
        if not (open_.raw or body.endswith("\\") or len(body) > SHORT):
            yield number, whole, body
            continue
        if not open_.raw:
            open_ = _Open(number)
        open_.add(body, whole, name)
        if not open_.continues:
            yield open_.join()
            open_ = _Open()
    if open_.raw:
        yield open_.join()


@dataclass(slots=True)
class _Open:
    """A logical line that may continue: its physical lines as they are, and joined as systemd joins them."""

    number: int = 1
    raw: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    size: int = 0
    continues: bool = False

    def add(self, body: str, whole: str, name: str) -> None:
        self.size += len(body.encode("utf-8", "replace"))
        if self.size > MAX_LINE:
            raise InputError("line longer than systemd reads (1 MiB)", place=Place(name, self.number))
        self.continues = _is_continued(body)
        self.raw.append(whole)
        self.joined.append(body[:-1] + " " if self.continues else body)

    def join(self) -> tuple[int, str, str]:
        return self.number, "".join(self.raw), "".join(self.joined)


def _split_lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line without and with its line end."""
    for match in _PHYSICAL.finditer(text):
        if match[0]:
            yield match[1], match[0]


def _is_continued(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _read_line(number: int, raw: str, joined: str, section: str, name: str) -> Line:
    """A logical line that is no comment; `section` is the one that it stands in."""
    text = joined.strip(WHITESPACE)
    reason = explain_trouble(text)
    if reason:
        raise InputError(f"the line {reason}", hint="systemd drops the whole file", place=Place(name, number))
    if not text:
        return Line(Kind.BLANK, raw, number)
    if not text.startswith("["):
        return _read_directive(number, raw, text, section)
    if not text.endswith("]") or _UNSAFE_SECTION.search(text):
        raise InputError("invalid section header", hint="write it as [Service]", place=Place(name, number))
    return Line(Kind.SECTION, raw, number, section=text[1:-1])


def _read_directive(number: int, raw: str, text: str, section: str) -> Line:
    key, equals, value = text.partition("=")
    problem = ""
    if not section:
        problem = "is before the first section"
    elif not equals:
        problem = "has no ="
    elif not key:
        problem = "has no name before ="
    if problem:
        return Line(Kind.IGNORED, raw, number, section, problem=problem)
    return Line(Kind.DIRECTIVE, raw, number, section, key.rstrip(WHITESPACE), value.strip(WHITESPACE))


class _Assigned:
    """Values by (section, directive), assignment by assignment. What an empty one drops is dropped once."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[str]] = {}
        self._filled: dict[tuple[str, str], set[str]] = {}
        """Section, and the prefix of names that are reset together → its lists that have items."""

    def assign(self, line: Assigning, name: str) -> None:
        at, kind = (line.section, line.key), find_assignment_rule(line.key)
        if kind is AssignmentRule.SCALAR:
            self._values[at] = [line.value]
            if not line.value:
                self._reset_others(line)
        elif kind is AssignmentRule.FIRST:
            if line.value:
                self._values.setdefault(at, [line.value])
        elif line.value:
            self._values.setdefault(at, []).extend(_list_items(line, kind, name))
            self._group(line).add(line.key)
        elif kind not in NEVER_EMPTIED:
            self._reset(line)

    def _reset(self, line: Assigning) -> None:
        dropped, filled = reset_with(line.key), self._group(line)
        emptied = set(filled) if isinstance(dropped, str) else dropped & filled
        for key in (line.key, *emptied):
            self._values[line.section, key] = []
        filled -= emptied
        if line.key in EMPTY_SAYS:
            self._values[line.section, line.key] = [""]

    def _reset_others(self, line: Assigning) -> None:
        """Scalars that an empty assignment of this directive drops too."""
        dropped = reset_with(line.key)
        for key in dropped if isinstance(dropped, frozenset) else ():
            if (line.section, key) in self._values:
                self._values[line.section, key] = [""]

    def _group(self, line: Assigning) -> set[str]:
        dropped = reset_with(line.key)
        return self._filled.setdefault((line.section, dropped if isinstance(dropped, str) else ""), set())

    def list_effective(self) -> Effective:
        return {at: _drop_repeated(at[1], values) for at, values in self._values.items()}


def _list_items(line: Assigning, kind: AssignmentRule, name: str) -> tuple[str, ...]:
    if kind is AssignmentRule.LINES:
        return (line.value,)
    if kind in (AssignmentRule.UNITS, AssignmentRule.NAMES):
        return split_plain_words(line.value)
    try:
        if kind is AssignmentRule.TUPLES:
            return split_as_written(line.value)
        return split(line.value, _ESCAPES[kind])
    except InputError as error:
        raise InputError(f"{line.key}=: {error.what}", hint=error.hint, place=Place(name, line.line)) from error


def _drop_repeated(key: str, values: Sequence[str]) -> tuple[str, ...]:
    return (
        tuple(dict.fromkeys(values))
        if find_assignment_rule(key) in (AssignmentRule.UNITS, AssignmentRule.INSTALL)
        else tuple(values)
    )
