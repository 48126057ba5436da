"""What people and machines see: results on stdout, progress and errors on stderr, colour only on a terminal.

Nothing else in qtctl writes to them, so nothing that a host, a registry, a file or an argument says reaches a terminal
but as text that it only shows, and no secret that this process was given goes out.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from qtctl.dialects import terminal
from qtctl.model.events import Event, Stage
from qtctl.model.secret import Secret, Withheld

if TYPE_CHECKING:
    from pathlib import Path

    from rich.text import Text

    from qtctl.cli.tables import Rows

_withheld = Withheld()
VERBS = {Stage.CONNECT: "connecting to", Stage.COLLECT: "asking", Stage.END: "ending"}
"""How a stage is named that needs no further word than its host."""


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    MD = "md"


class Styled(NamedTuple):
    """A part of a line or cell, in a style of Rich: red, dim."""

    text: str
    style: str


Part = str | Styled
BREAK = Styled("\n", "")
"""Between the parts of a cell: another line. No text is this object, whatever it says."""


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


def withhold(*secrets: Secret) -> None:
    """From now on, nothing that is written shows them."""
    for secret in secrets:
        _withheld.add(secret)


def write(document: str, to: "Path | None" = None) -> None:
    """A document of several lines, on stdout or in a file. Whoever made it made one line of each value in it."""
    shown = terminal.lines(_withheld.out_of(document))
    shown = shown if shown.endswith("\n") else f"{shown}\n"
    if to is None:
        sys.stdout.write(shown)
        return
    from qtctl.adapters.files import write_atomic

    write_atomic(to, shown.encode())


def tell(*parts: Part) -> None:
    """One line on stdout, whatever its parts say."""
    if any(isinstance(part, Styled) for part in parts):
        from qtctl.cli.tables import print_line

        print_line(cell(*parts))
    else:
        sys.stdout.write(_line("".join(part for part in parts if isinstance(part, str))) + "\n")


def complain(text: str) -> None:
    """One line on stderr, without what looks like a secret. Nobody there to read it is no error."""
    _to_stderr(_line(_message(text)))


def complain_of(lines: Iterable[str]) -> None:
    """An error on stderr: a line that says what, and further ones below it. Nothing where there are none."""
    for number, line in enumerate(lines):
        complain(f"  {line}" if number else f"error: {line}")


def trace(text: str) -> None:
    """Lines on stderr that are known for what they are by their beginning, whatever stands in them."""
    shown = terminal.lines(_withheld.out_of(_message(text.rstrip("\n"))))
    _to_stderr("\n".join(f"| {each}" for each in shown.split("\n")))


def confirmed(question: str) -> bool:
    """Ask on the terminal. typer.Abort where the answer is Ctrl-C."""
    import typer

    return typer.confirm(_line(question))


def cell(*parts: Part) -> "Text":
    """Parts as text of a table: no markup in it, no emoji, one line but for BREAK."""

    from rich.text import Text

    return Text.assemble(*(part if part is BREAK else _styled(part) for part in parts))


def table(*columns: str, title: str | None = None) -> "Rows":
    from qtctl.cli.tables import Rows

    return Rows(columns, title)


def draw(rows: "Rows") -> None:
    from qtctl.cli.tables import print_table

    print_table(rows)


@contextmanager
def progress(*, named: bool = False) -> Iterator["ProgressLine"]:
    """`named`: each line begins with its host, for where there are several."""
    line = ProgressLine(named=named)
    try:
        yield line
    finally:
        line.clear()


class ProgressLine:
    """Events on stderr: one line that changes on a terminal, a line each elsewhere."""

    def __init__(self, *, named: bool = False) -> None:
        self._live = sys.stderr.isatty()
        self._named = named

    def __call__(self, event: Event) -> None:
        said = _line(self._text(event))
        sys.stderr.write(f"\r\x1b[K{said}" if self._live else f"{said}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _text(self, event: Event) -> str:
        if not event.detail:
            return f"{VERBS[event.stage]} {event.host}"
        return f"{event.host}: {event.detail}" if self._named and event.host else event.detail


def _line(text: str) -> str:
    return terminal.line(_withheld.out_of(text))


def _message(text: str) -> str:
    from qtctl.dialects.secrets import masked_message

    return masked_message(text)


def _styled(part: Part) -> tuple[str, str]:
    return (_line(part.text), part.style) if isinstance(part, Styled) else (_line(part), "")


def _to_stderr(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
