"""A document that a person wrote: sections with tables, lists and lines of text, all with line numbers.

Texts are as a reader sees them: without Markdown or HTML markup, and without pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """`fence`: the line where the surrounding code block begins; 0 outside code blocks."""

    line: int
    text: str
    fence: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list. `strong`: bold or code text at its beginning; `number`: its number in an ordered list."""

    line: int
    text: str
    depth: int = 0
    number: int | None = None
    strong: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list. `label`: the line that introduces it; `fence` distinguishes lists in the same code block."""

    line: int
    items: tuple[Item, ...]
    label: Line | None = None
    fence: int = 0

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(Line(each.line, each.text, self.fence) for each in self.items)

    @property
    def top(self) -> tuple[Item, ...]:
        """The items that are not below another item."""
        return tuple(each for each in self.items if each.depth == 0)


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    cells: tuple[str, ...]

    @property
    def whole(self) -> Line:
        """All of its cells."""
        return Line(self.line, " | ".join(self.cells))


@dataclass(frozen=True, slots=True)
class Table:
    """Each row has a cell for each column of `header`. `label`: as for a list."""

    line: int
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    label: Line | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(each.whole for each in self.rows)


@dataclass(frozen=True, slots=True)
class Text:
    """Lines that are neither a list nor a table: a paragraph, or part of a code block."""

    lines: tuple[Line, ...]

    @property
    def line(self) -> int:
        return self.lines[0].line


Block = Table | Listing | Text


@dataclass(frozen=True, slots=True)
class Section:
    """What follows one heading, up to the next. `level` 0: before the first heading.

    `parent` is the index of the enclosing section, -1 for the first; `end` is the index after the last section inside
    this one.
    """

    line: int
    level: int
    title: str
    parent: int
    end: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """`structured`: made of fields and arrays rather than prose, so its arrays are complete."""

    file: str
    sections: tuple[Section, ...]
    structured: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of all sections, in order."""
        return tuple(block for section in self.sections for block in section.blocks)

    def list_around(self, place: int) -> tuple[int, ...]:
        """A section and all sections around it, the innermost first."""
        found = []
        while place >= 0:
            found.append(place)
            place = self.sections[place].parent
        return tuple(found)

    def list_children(self, place: int) -> Iterator[int]:
        """The sections directly below a section."""
        at = place + 1
        while at < self.sections[place].end:
            yield at
            at = self.sections[at].end

    def list_within(self, place: int) -> tuple[Block, ...]:
        """The blocks of a section and of all sections inside it, in order."""
        return tuple(block for each in self.sections[place : self.sections[place].end] for block in each.blocks)
