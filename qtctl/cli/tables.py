"""Blocks at a terminal: tables if their words fit, otherwise lines; no word is broken.

In a pipe or a file they are plain: one line each, which does not depend on the others (`plain`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from qtctl.cli.wrapping import (
    Line,
    Paint,
    Style,
    measure_longest_word,
    measure_width,
    paint_line,
    split_paragraphs,
    wrap,
)
from qtctl.reports import blocks
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Bullets,
    Column,
    Paragraph,
    Record,
    Section,
    Strong,
    Text,
    Title,
    Tone,
    Toned,
    Verbatim,
)
from qtctl.reports.phrases import NONE

STYLES = {
    Tone.GOOD: "32",
    Tone.BAD: "31",
    Tone.WARNING: "33",
    Tone.NOTE: "34",
    Tone.UNKNOWN: "35",
    Tone.ASIDE: "2",
}
BOLD = "1"
"""As ECMA-48 numbers them: SGR."""
GAP = 2
BETWEEN = " " * GAP
"""Between cells in a pipe: `awk -F'  +'` splits them, since only commands have two spaces in a row."""
NARROW = 24
"""Columns: text in a narrower cell is not readable."""


def paint(text: str, style: Style) -> str:
    if style is None:
        return text
    return f"\x1b[{BOLD if isinstance(style, Strong) else STYLES[style.tone]}m{text}\x1b[0m"


def leave_plain(text: str, style: Style) -> str:  # noqa: ARG001 - as `paint`
    return text


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal of `width` columns. `harmless`: a part of a text as one line that a terminal only shows."""

    width: int
    paint: Paint
    harmless: Callable[[str], str]

    def lines(self, shown: Blocks) -> Iterator[str]:
        """An empty line only between blocks of several lines. A block without a line is as if it were not there."""
        before: Block | None = None
        for block in shown:
            written = list(self._write_block(block))
            if not written:
                continue
            if before is not None and _is_set_apart(block, before):
                yield ""
            yield from written
            before = block

    def _write_block(self, block: Block) -> Iterator[str]:
        match block:
            case Title():
                return self._write_strong(block.text)
            case Paragraph():
                return self._write_running(block.text, hang=block.hang)
            case Bullets():
                return (
                    line
                    for item in block.items
                    for line in self._write_running(("- ", *blocks.split_parts(item)), hang=2)
                )
            case Verbatim():
                return (self._write_verbatim(line, diff=block.diff) for line in block.lines)
            case _:
                return self._write_structure(block)

    def _write_structure(self, block: Record | blocks.Table | Section) -> Iterator[str]:
        if isinstance(block, Record):
            return self._record(block)
        return self._write_table(block) if isinstance(block, blocks.Table) else self._write_section(block)

    def _write_section(self, section: Section) -> Iterator[str]:
        """A section without a body is not shown."""
        body = list(self.lines(section.body))
        if body:
            yield from self._write_strong(section.title)
            yield from body

    def _write_strong(self, text: Text) -> Iterator[str]:
        whole = " ".join(
            "".join(piece for piece, _ in word.pieces) for line in self._split_words(text) for word in line
        )
        yield from self._write_running(Strong(whole))

    def _write_running(self, text: Text, indent: int = 0, hang: int = 0) -> Iterator[str]:
        for words in self._split_words(text):
            for number, line in enumerate(wrap(words, self.width - indent, hang)):
                yield " " * (indent + (hang if number else 0)) + paint_line(line, self.paint)

    def _split_words(self, text: Text) -> list[Line]:
        return split_paragraphs(text, self.harmless)

    def _write_verbatim(self, line: str, *, diff: bool) -> str:
        shown = self.harmless(line)
        if diff and shown[:1] in _CHANGED:
            return self.paint(shown, Toned(shown, _CHANGED[shown[0]]))
        return shown if diff else f"  {shown}"

    def _record(self, record: Record) -> Iterator[str]:
        indent = 2 * max(record.depth - 1, 0)
        follows = ("↳ ",) if record.depth else ()
        yield from self._write_running((*follows, *blocks.join(record.head, " ")), indent, 4)
        label = max((len(name) for name, _ in record.fields), default=0) + GAP
        for name, text in record.fields:
            yield from self._write_field(name, text, indent + 2 * bool(record.depth) + 2, label)

    def _write_field(self, name: str, text: Text, indent: int, label: int) -> Iterator[str]:
        """A value next to its name, or below it if one of its words would not fit. Without a name: the full width."""
        words = [line for line in self._split_words(text) if line]
        if not words:
            return
        if not name:
            yield from self._write_running(text, indent, 2)
            return
        shown = self.paint(name, Toned(name, Tone.ASIDE))
        if measure_longest_word(words) <= self.width - indent - label:
            found = (line for each in words for line in wrap(each, self.width - indent - label))
            for number, line in enumerate(found):
                begin = " " * (label - len(name)) if not number else " " * label
                yield " " * indent + (shown if not number else "") + begin + paint_line(line, self.paint)
            return
        yield " " * indent + shown
        for each in words:
            for line in wrap(each, self.width - indent - 2, 2):
                yield " " * (indent + 2) + paint_line(line, self.paint)

    def _write_table(self, table: blocks.Table) -> Iterator[str]:
        if table.title:
            yield from self._write_strong(table.title)
        heads = [self._split_words(name) for name in map(name_of, table.columns)]
        cells = [[self._split_words(cell) for cell in row] for row in table.rows]
        widths = fit_columns(
            [[head, *column] for head, column in zip(heads, _split_columns(cells, len(heads)), strict=True)], self.width
        )
        if widths is None:
            yield from (line for row in table.rows for line in self._write_full_row(table, row))
            return
        right = [isinstance(each, Column) and each.right for each in table.columns]
        yield from self._write_row(heads, widths, right)
        yield "─" * (sum(widths) + GAP * (len(widths) - 1))
        for row in cells:
            yield from self._write_row(row, widths, right)

    def _write_full_row(self, table: blocks.Table, row: Sequence[Text]) -> Iterator[str]:
        """Its first cell, and below that the others by the names of their columns; empty ones are left out."""
        first, *others = row
        yield from self._write_running(first)
        _, *names = map(name_of, table.columns)
        named = zip(names, others, strict=True)
        cells = [
            (Toned(name, Tone.ASIDE), " ", *blocks.split_parts(cell)) for name, cell in named if cell not in ("", NONE)
        ]
        yield from self._write_running(blocks.join(cells, ", "), 2, 2)

    def _write_row(self, cells: Sequence[list[Line]], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
        wrapped = [
            [line for each in cell for line in wrap(each, width)] for cell, width in zip(cells, widths, strict=True)
        ]
        for lines in zip_longest(*wrapped, fillvalue=()):
            padded = (self._pad(*each) for each in zip(lines, widths, right, strict=True))
            yield (" " * GAP).join(padded).rstrip(" ")

    def _pad(self, line: Line, width: int, right: bool) -> str:
        text, space = paint_line(line, self.paint), " " * (width - measure_width(line))
        return space + text if right else text + space


_CHANGED = {"+": Tone.GOOD, "-": Tone.BAD, "@": Tone.NOTE}


def _is_set_apart(block: Block, before: Block) -> bool:
    return not (isinstance(block, Paragraph) and isinstance(before, Paragraph | Title))


def name_of(column: str | Column) -> str:
    return column.name if isinstance(column, Column) else column


def _split_columns(cells: Sequence[Sequence[list[Line]]], count: int) -> list[list[list[Line]]]:
    return [[row[number] for row in cells] for number in range(count)]


def fit_columns(columns: Sequence[Sequence[list[Line]]], width: int) -> list[int] | None:
    """The width of each column so that no word of it is broken; None if they do not fit, or would be too narrow."""
    least = [max(measure_longest_word(cell) for cell in column) for column in columns]
    most = [max((measure_width(line) for cell in column for line in cell), default=0) for column in columns]
    room = width - GAP * (len(columns) - 1)
    if sum(most) <= room:
        return most
    if sum(least) > room:
        return None
    widths = list(least)
    spare = room - sum(widths)
    while spare:
        wanting = [number for number, each in enumerate(widths) if each < most[number]]
        narrowest = min(wanting, key=lambda number: widths[number])
        widths[narrowest] += 1
        spare -= 1
    narrow = any(each < wanted and each < NARROW for each, wanted in zip(widths, most, strict=True))
    return None if narrow else widths


def write_plain(shown: Blocks, harmless: Callable[[str], str]) -> Iterator[str]:
    """A line for each title, text, row and record, whatever its length; cells are divided by two spaces."""
    for block in shown:
        yield from _write_plain_block(block, harmless)


def _write_plain_block(block: Block, harmless: Callable[[str], str]) -> Iterator[str]:
    match block:
        case Title() | Paragraph():
            yield _flatten(block.text, harmless)
        case Bullets():
            yield from (f"- {_flatten(item, harmless)}" for item in block.items)
        case Verbatim():
            yield from (harmless(line) if block.diff else f"  {harmless(line)}" for line in block.lines)
        case Record():
            fields = (
                f"{name} {_flatten(text, harmless)}".strip() for name, text in block.fields if _flatten(text, harmless)
            )
            yield BETWEEN.join((*(_flatten(text, harmless) for text in block.head), *fields))
        case blocks.Table():
            yield from [_flatten(block.title, harmless)] if block.title else ()
            yield BETWEEN.join(_flatten(name_of(column), harmless) for column in block.columns)
            yield from (BETWEEN.join(_flatten(cell, harmless) or NONE for cell in row) for row in block.rows)
        case Section():
            body = list(write_plain(block.body, harmless))
            yield from (_flatten(block.title, harmless), *body) if body else ()


def _flatten(text: Text, harmless: Callable[[str], str]) -> str:
    lines = split_paragraphs(text, harmless)
    return "; ".join(paint_line(line, leave_plain) for line in lines if line)


def join_lines(shown: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in shown)
