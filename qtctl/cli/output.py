"""What people and machines see: results on stdout, progress and errors on stderr, colour only on a terminal.

Nothing else in qtctl writes to them, so nothing that a host, a registry, a file or an argument says reaches a terminal
but as text that it only shows, and no secret that this process was given goes out.
"""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtctl.dialects import terminal
from qtctl.model.events import Event, Stage
from qtctl.model.secret import Secret, Withheld

if TYPE_CHECKING:
    from pathlib import Path

    from qtctl.cli.tables import Rows
    from qtctl.reports.view import View

_withheld = Withheld()
VERBS = {Stage.CONNECT: "connecting to", Stage.COLLECT: "asking", Stage.END: "ending"}
"""How a stage is named that needs no further word than its host."""


def chosen(format_: str | None, out: "Path | None" = None) -> str:
    """Tables are for terminals; Markdown where the output goes elsewhere and nothing else was asked for."""
    if format_ is not None:
        return format_
    return "table" if out is None and sys.stdout.isatty() else "md"


def present(view: "View", format_: str | None, out: "Path | None" = None) -> None:
    """A report in the format that was chosen, on stdout or in a file, and what the format adds to other files."""
    from qtctl.formats import catalogue

    how = chosen(format_, out)
    if how == catalogue.TABLE:
        _tables(view, out)
    elif text := catalogue.text(view, how):
        write(text, out)
    for variable, aside in catalogue.asides(view, how).items():
        _add(variable, aside)


def _tables(view: "View", out: "Path | None") -> None:
    from qtctl.cli.tables import drawn, print_blocks

    blocks = view.page() if view.screen is None else view.screen()
    if out is None:
        print_blocks(blocks)
    else:
        write(drawn(blocks), out)


def _add(variable: str, text: str) -> None:
    """To the end of the file that an environment variable names; nothing where it names none."""
    path = os.environ.get(variable)
    if path:
        from pathlib import Path

        from qtctl.adapters.files import append

        append(Path(path), _document(text).encode())


def withhold(*secrets: Secret) -> None:
    """From now on, nothing that is written shows them."""
    for secret in secrets:
        _withheld.add(secret)


def write(document: str, to: "Path | None" = None) -> None:
    """A document of several lines, on stdout or in a file. Whoever made it made one line of each value in it."""
    shown = _document(document)
    if to is None:
        sys.stdout.write(shown)
        return
    from qtctl.adapters.files import write_atomic

    write_atomic(to, shown.encode())


def tell(text: str) -> None:
    """One line on stdout, whatever it says."""
    sys.stdout.write(f"{_line(text)}\n")


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


def harmless(text: str) -> str:
    """One line that a terminal only shows, without what is withheld."""
    return _line(text)


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


def _document(text: str) -> str:
    shown = terminal.lines(_withheld.out_of(text))
    return shown if shown.endswith("\n") else f"{shown}\n"


def _line(text: str) -> str:
    return terminal.line(_withheld.out_of(text))


def _message(text: str) -> str:
    from qtctl.dialects.secrets import masked_message

    return masked_message(text)


def _to_stderr(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
