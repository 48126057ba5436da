"""What a reader sees of a report, as blocks of text: each format writes them in its own way, and knows no report."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from qtctl.dialects.lines import split_lines


class Tone(StrEnum):
    """The meaning of a word; a format chooses the colour."""

    GOOD = "good"
    BAD = "bad"
    WARNING = "warning"
    NOTE = "note"
    UNKNOWN = "unknown"
    ASIDE = "aside"


TONES = {"error": Tone.BAD, "warning": Tone.WARNING, "info": Tone.NOTE}
"""How findings are coloured, by severity."""


@dataclass(frozen=True, slots=True)
class Code:
    """A name, a path or a command, shown letter for letter."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    text: str


@dataclass(frozen=True, slots=True)
class Toned:
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Meter(Toned):
    """A value against its limit. `text`: the picture in characters, with the words. `share`: 0 to 1."""

    share: float = 0.0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Trend(Toned):
    """A value over time. `text`: the picture in characters, with the words. `values`: None where it is not known."""

    values: tuple[float | None, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A line break within a cell."""


BREAK = Break()
Part = str | Code | Strong | Toned | Break
Text = Part | tuple[Part, ...]
"""Running text, or a cell: one line except for BREAK. A format escapes whatever could do harm in it."""


def split_parts(text: Text) -> tuple[Part, ...]:
    return text if isinstance(text, tuple) else (text,)


def join(texts: Iterable[Text], between: Part = BREAK) -> tuple[Part, ...]:
    """Several texts as one."""
    found: list[Part] = []
    for text in texts:
        found += [between] * bool(found)
        found += split_parts(text)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Title:
    """The title of the whole document."""

    text: Text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`hang`: columns by which further lines are indented; 0 for none."""

    text: Text
    hang: int = 0


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Lines of a file, as they are. `diff`: each begins with its mark of a diff.

    `language`: what draws or colours them, such as mermaid; '' for none.
    """

    lines: tuple[str, ...]
    diff: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing with its values, a line each: for what would be too wide as a row of a table.

    `head`: what it is about. `fields`: names and values; a value without a name is a sentence about it. `depth`: of
    what follows from something, below which it is shown.
    """

    head: tuple[Text, ...]
    fields: tuple[tuple[str, Text], ...]
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """`right`: numbers. `whole`: its words are not broken."""

    name: str
    right: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Each row has a cell for each column."""

    columns: tuple[str | Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Sections in a section are one level below it. One without a body is not shown."""

    title: Text
    body: "tuple[Block, ...]"


Block = Title | Paragraph | Bullets | Verbatim | Record | Table | Section
Blocks = tuple[Block, ...]


def map_texts(blocks: Blocks, change: Callable[[str], str]) -> Blocks:
    """The same blocks with each text as `change` makes it."""
    return tuple(_map_value(block, change) for block in blocks)


def _map_value(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - a block, or what one holds
    if isinstance(value, str):
        return value if isinstance(value, Tone) else change(value)
    if isinstance(value, tuple):
        return tuple(_map_value(each, change) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _map_value(getattr(value, each.name), change) for each in fields(value)})
    return value


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of a comment that is folded until someone opens it. `title`: what is seen of it."""

    title: str
    body: Blocks


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment for a pull request: folded as a whole, in one line. `mark`: finds it again, and is not shown."""

    mark: str
    title: str
    intro: Blocks
    folds: tuple[Fold, ...]


def make_table(columns: Iterable[str | Column], rows: Iterable[tuple[Text, ...]], title: str = "") -> Blocks:
    """A table; no block if it would have no rows."""
    shown = tuple(rows)
    return (Table(tuple(columns), shown, title),) if shown else ()


def make_list(items: Iterable[Text]) -> Blocks:
    """A list; no block if it would be empty."""
    shown = tuple(items)
    return (Bullets(shown),) if shown else ()


def show_diff(subject: str, diff: str, *, marked: bool = True) -> Section:
    """`marked`: a format may show what becomes of each line."""
    return Section(("Difference in ", Code(subject)), (Verbatim(tuple(split_lines(diff)), diff=marked),))
