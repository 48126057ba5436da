"""Tables and coloured lines, as Rich draws them. Imported late: Rich takes 30 ms, and most results are documents."""

import sys
from collections.abc import Iterable
from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from qtctl.cli.output import harmless
from qtctl.reports import blocks
from qtctl.reports.blocks import (
    Block,
    Blocks,
    Break,
    Bullets,
    Code,
    Column,
    Paragraph,
    Part,
    Section,
    Strong,
    Title,
    Tone,
    Toned,
    Verbatim,
    parts,
)

WIDE = 200
"""Columns where nobody looks."""
STYLES = {
    Tone.GOOD: "green",
    Tone.BAD: "red",
    Tone.WARNING: "yellow",
    Tone.NOTE: "blue",
    Tone.UNKNOWN: "magenta",
    Tone.ASIDE: "dim",
}


class Rows(Table):
    """A table whose cells are text and nothing else: Rich reads no markup in them."""

    def __init__(self, columns: Iterable[str | Column], title: blocks.Text | None) -> None:
        super().__init__(
            title=cell(title) if title else None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
        )
        for column in columns:
            name = column.name if isinstance(column, Column) else column
            self.add_column(cell(name), overflow="fold")
            if isinstance(column, Column):
                self.columns[-1].justify = "right" if column.right else "left"
                self.columns[-1].no_wrap = column.whole

    def row(self, *cells: blocks.Text) -> None:
        self.add_row(*map(cell, cells))


class _Output(Console):
    def on_broken_pipe(self) -> None:
        """As for any other write to stdout; rich would exit with 1, which here means findings."""
        raise BrokenPipeError


def cell(text: blocks.Text) -> Text:
    """Text of a table or a line: no markup in it, no emoji, one line but for BREAK."""
    return Text.assemble(*map(_styled, parts(text)))


def print_table(rows: Rows) -> None:
    _console().print(rows)


def print_blocks(shown: Blocks) -> None:
    _print(shown, _console())


def drawn(shown: Blocks) -> str:
    """As they are printed where nobody looks."""
    text = StringIO()
    _print(shown, _Output(file=text, highlight=False, markup=False, emoji=False, width=WIDE, color_system=None))
    return text.getvalue()


def _console() -> Console:
    width = None if sys.stdout.isatty() else WIDE
    return _Output(highlight=False, markup=False, emoji=False, width=width)


def _print(shown: Blocks, console: Console) -> None:
    for block in shown:
        _print_block(block, console)


def _print_block(block: Block, console: Console) -> None:
    match block:
        case Title() | Paragraph():
            _line(block.text, console, "bold" if isinstance(block, Title) else "")
        case Bullets():
            for item in block.items:
                _line(("- ", *parts(item)), console)
        case Verbatim():
            for line in block.lines:
                _line(f"  {line}", console)
        case blocks.Table():
            _table(block, console)
        case Section():
            _section(block, console)


def _section(section: Section, console: Console) -> None:
    """Its title stands above its first table, else in a line of its own; without a body there is none."""
    first, *others = section.body or (None,)
    if isinstance(first, blocks.Table) and not first.title:
        _table(first, console, section.title)
        _print(tuple(block for block in others if block is not None), console)
    elif _body(section):
        console.print()
        _line(section.title, console, "bold")
        _print(section.body, console)


def _body(section: Section) -> bool:
    return any(_body(block) if isinstance(block, Section) else True for block in section.body)


def _table(table: blocks.Table, console: Console, title: blocks.Text = "") -> None:
    rows = Rows(table.columns, table.title or title)
    for row in table.rows:
        rows.row(*row)
    console.print(rows)


def _line(text: blocks.Text, console: Console, style: str = "") -> None:
    console.print(cell(text), soft_wrap=True, style=style)


def _styled(part: Part) -> tuple[str, str]:
    match part:
        case Break():
            return "\n", ""
        case Toned():
            return harmless(part.text), STYLES[part.tone]
        case Strong():
            return harmless(part.text), "bold"
        case Code():
            return harmless(part.text), ""
        case _:
            return harmless(part), ""
