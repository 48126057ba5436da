"""Tables and coloured lines, as Rich draws them. Imported late: Rich takes 30 ms, and most results are documents."""

import sys
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from qtctl.cli.output import cell

WIDE = 200
"""Columns where nobody looks."""


class Rows(Table):
    """A table whose cells are text and nothing else: Rich reads no markup in them."""

    def __init__(self, columns: Iterable[str], title: str | None) -> None:
        super().__init__(
            title=cell(title) if title else None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
        )
        for column in columns:
            self.add_column(cell(column), overflow="fold")

    def row(self, *cells: str | Text) -> None:
        self.add_row(*(each if isinstance(each, Text) else cell(each) for each in cells))


class _Output(Console):
    def on_broken_pipe(self) -> None:
        """As for any other write to stdout; rich would exit with 1, which here means findings."""
        raise BrokenPipeError


def print_table(rows: Rows) -> None:
    _console().print(rows)


def print_line(text: Text) -> None:
    _console().print(text, soft_wrap=True)


def _console() -> Console:
    width = None if sys.stdout.isatty() else WIDE
    return _Output(highlight=False, markup=False, emoji=False, width=width)
