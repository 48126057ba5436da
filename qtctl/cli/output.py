"""What people and machines see: results on stdout, progress and errors on stderr, colour only on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    MD = "md"


def chosen(format_: Format | None) -> Format:
    """Tables are for terminals; Markdown where the output goes elsewhere and nothing else was asked for."""
    if format_ is not None:
        return format_
    return Format.TABLE if sys.stdout.isatty() else Format.MD


def present(
    format_: Format | None, json: Callable[[], str], markdown: Callable[[], str], tables: Callable[[], None]
) -> None:
    """A result, in the one way that was chosen."""
    how = chosen(format_)
    if how is Format.TABLE:
        tables()
    else:
        write(json() if how is Format.JSON else markdown())


def write(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def console() -> "Console":
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            """As for any other write to stdout; rich would exit with 1, which here means findings."""
            raise BrokenPipeError

    return Output(highlight=False, width=None if sys.stdout.isatty() else 200)


def table(*columns: str, title: str | None = None) -> "Table":
    from rich import box
    from rich.table import Table

    built = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        built.add_column(column, overflow="fold")
    return built


def plain(text: str) -> str:
    """Text in which rich shall find no markup: names and reasons come from hosts and files."""
    from rich.markup import escape

    return escape(text)


@contextmanager
def progress() -> Iterator["ProgressLine"]:
    line = ProgressLine()
    try:
        yield line
    finally:
        line.clear()


class ProgressLine:
    """Progress on stderr: one line that changes on a terminal, a line each elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def __call__(self, what: str) -> None:
        if self._live:
            sys.stderr.write(f"\r\x1b[K{what}")
        else:
            sys.stderr.write(f"{what}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
