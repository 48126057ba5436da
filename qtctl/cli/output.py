"""What people and machines see: results on stdout, progress and errors on stderr, colour only on a terminal.

Nothing else in qtctl writes to them, so whatever a host, a registry, a file or an argument says reaches a terminal only
as text to show, and no secret that this process was given is printed.
"""

import contextlib
import os
import select
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from qtctl.dialects import terminal
from qtctl.model.events import Event, Stage
from qtctl.model.secret import Secret, Withheld

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from qtctl.reports.blocks import Blocks
    from qtctl.reports.view import View

_withheld = Withheld()
LEAST_WIDTH = 40
"""Columns. A terminal that is narrower, or says so, gets lines of this width."""
TICK_S = 1.0
SHOWN_FROM_S = 2
BETWEEN_LINES_S = 5.0
"""If nobody watches, waiting is reported by a line now and then, not at each look."""
VERBS = {Stage.CONNECT: "connecting to", Stage.COLLECT: "asking", Stage.END: "ending"}
"""The verb for a stage that needs no further word than its host."""


def choose_format(format_: str | None, out: "Path | None" = None) -> str:
    """Tables are for terminals; Markdown if the output goes elsewhere and nothing else was asked for."""
    if format_ is not None:
        return format_
    return "table" if out is None and sys.stdout.isatty() else "md"


def present(view: "View", format_: str | None, out: "Path | None" = None) -> None:
    """A report in the format that was chosen, on stdout or in a file, and what the format adds to other files."""
    from qtctl.formats import catalogue

    how = choose_format(format_, out)
    if how == catalogue.TABLE:
        _show_tables(view, out)
    elif out is not None:
        if text := catalogue.write_text(view, how):
            write(text, out)
    else:
        _write_parts(catalogue.write_parts(view, how))
    for variable, aside in catalogue.write_asides(view, how).items():
        _append_to_named(variable, aside)


def write_pieces(pieces: Iterable[str]) -> None:
    """A document in pieces, on stdout, each of which already does nothing to a terminal."""
    for piece in pieces:
        sys.stdout.write(piece)


def _write_parts(parts: Iterable[str]) -> None:
    """Each piece as soon as it is there, whoever reads it."""
    for text in filter(None, parts):
        write(text)
        sys.stdout.flush()


def _show_tables(view: "View", out: "Path | None") -> None:
    show(view.page() if view.screen is None else tuple(view.screen()), out)


def show(blocks: "Blocks", out: "Path | None" = None) -> None:
    """Blocks on stdout: as wide as the terminal, in colour; elsewhere, and in a file, plain."""
    from qtctl.cli import tables

    if out is None and sys.stdout.isatty():
        paint = tables.paint if _may_colour() else tables.leave_plain
        sys.stdout.write(tables.join_lines(tables.Screen(_measure_width(), paint, make_harmless).lines(blocks)))
        return
    text = tables.join_lines(tables.write_plain(blocks, make_harmless))
    if out is None:
        sys.stdout.write(text)
        return
    from qtctl.adapters.files import write_atomic

    write_atomic(out, text.encode())


def _may_colour() -> bool:
    """See no-color.org."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _measure_width() -> int:
    return max(shutil.get_terminal_size().columns, LEAST_WIDTH)


def _append_to_named(variable: str, text: str) -> None:
    """Append to the file that an environment variable names, if it names one."""
    path = os.environ.get(variable)
    if path:
        from pathlib import Path

        from qtctl.adapters.files import append_to

        append_to(Path(path), make_safe(text).encode())


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def can_redraw() -> bool:
    """Whether stdout is a terminal on which what was written can be written over."""
    return sys.stdout.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


def check_reader() -> bool:
    """For what waits for news: BrokenPipeError if the reader of stdout is gone. False otherwise: nothing is to stop."""
    try:
        handle = sys.stdout.fileno()
    except (OSError, ValueError):
        return False
    waiting = select.poll()
    waiting.register(handle, 0)
    if any(event & select.POLLERR for _, event in waiting.poll(0)):
        raise BrokenPipeError
    return False


def may_paint() -> bool:
    """Whether stdout is a terminal that takes colours."""
    return sys.stdout.isatty() and _may_colour()


def write_lines(lines: Iterable[str]) -> None:
    """Lines whose texts went through `make_harmless`, on stdout at once."""
    text = "\n".join(lines)
    if text:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def withhold(*secrets: Secret) -> None:
    """From now on, no output shows them."""
    for secret in secrets:
        _withheld.add(secret)


def write(text: str, to: "Path | None" = None) -> None:
    """A document of several lines, on stdout or in a file. Each value in it is already one line."""
    shown = make_safe(text)
    if to is None:
        sys.stdout.write(shown)
        return
    from qtctl.adapters.files import write_atomic

    write_atomic(to, shown.encode())


def tell(text: str) -> None:
    """One line on stdout, whatever it contains; on a terminal, as many as it needs."""
    sys.stdout.write(f"{_fit_line(_make_safe_line(text), sys.stdout)}\n")


def complain(text: str) -> None:
    """One line on stderr, with anything that looks like a secret masked. A closed stderr is no error."""
    _write_stderr(_fit_line(_make_safe_line(_mask_message(text)), sys.stderr))


def complain_of(lines: Iterable[str]) -> None:
    """Print an error to stderr: one line that says what happened, details below. Without lines, print nothing."""
    for number, line in enumerate(lines):
        complain(f"  {line}" if number else f"error: {line}")


def trace(text: str) -> None:
    """Lines on stderr that are recognised by their beginning, whatever they contain."""
    shown = terminal.show_lines(_withheld.out_of(_mask_message(text.rstrip("\n"))))
    _write_stderr("\n".join(f"| {each}" for each in shown.split("\n")))


def ask_operator(question: str) -> bool:
    """Ask on the terminal. typer.Abort on Ctrl-C."""
    import typer

    return typer.confirm(_make_safe_line(question))


def make_harmless(text: str) -> str:
    """One line that a terminal only shows, without what is withheld."""
    return _make_safe_line(text)


@contextmanager
def show_progress(*, named: bool = False) -> Iterator["ProgressLine"]:
    """`named`: each line begins with its host, if there are several."""
    line = ProgressLine(named=named)
    try:
        yield line
    finally:
        line.close()


class ProgressLine:
    """Events on stderr, one line each. On a terminal it is one changing line with the elapsed time."""

    def __init__(self, *, named: bool = False) -> None:
        self._named = named
        self._live = _LiveLine() if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else None
        self._begun: dict[tuple[str, Stage], float] = {}
        self._last, self._written = "", 0.0

    def __call__(self, event: Event) -> None:
        said, now = _make_safe_line(self._format(event)), monotonic()
        since = self._begun.setdefault((event.host, event.stage), now)
        if self._live is not None:
            self._live.show(said, since)
        elif said != self._last and not (event.waiting and now - self._written < BETWEEN_LINES_S):
            self._last, self._written = said, now
            sys.stderr.write(f"{said} ({int(now - since)} s)\n" if event.waiting else f"{said}\n")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._live is not None:
            self._live.clear()

    def close(self) -> None:
        if self._live is not None:
            self._live.close()

    def _format(self, event: Event) -> str:
        if not event.detail:
            return f"{VERBS[event.stage]} {event.host}"
        return f"{event.host}: {event.detail}" if self._named and event.host else event.detail


class _LiveLine:
    """One line of a terminal, redrawn every second, so that a user sees that nothing hangs."""

    def __init__(self) -> None:
        from threading import Event as Flag
        from threading import RLock

        self._lock, self._closed = RLock(), Flag()
        self._said, self._since, self._ticking = "", 0.0, False

    def show(self, said: str, since: float) -> None:
        with self._lock:
            self._said, self._since = said, since
            self._draw()
            if not self._ticking:
                from threading import Thread

                self._ticking = True
                Thread(target=self._redraw, daemon=True).start()

    def clear(self) -> None:
        with self._lock:
            if self._said:
                self._said = ""
                self._draw()

    def close(self) -> None:
        self._closed.set()
        self.clear()

    def _redraw(self) -> None:
        while not self._closed.wait(TICK_S):
            with self._lock:
                if self._said:
                    self._draw()

    def _draw(self) -> None:
        took_s = int(monotonic() - self._since)
        aside = f" ({took_s} s)" if self._said and took_s >= SHOWN_FROM_S else ""
        room = _measure_width() - 1 - len(aside)
        said = self._said if len(self._said) <= room else f"{self._said[: room - 1]}…"
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"\r\x1b[K{said}{aside}")
            sys.stderr.flush()


def make_safe(text: str) -> str:
    shown = terminal.show_lines(_withheld.out_of(text))
    return shown if shown.endswith("\n") else f"{shown}\n"


def _make_safe_line(text: str) -> str:
    return terminal.show_line(_withheld.out_of(text))


def _fit_line(line: str, stream: "TextIO") -> str:
    """A line too long for the terminal is broken between words; elsewhere it stays one line."""
    if len(line) < LEAST_WIDTH or not stream.isatty():
        return line
    from qtctl.cli.wrapping import fit_text

    return fit_text(line, _measure_width())


def _mask_message(text: str) -> str:
    from qtctl.dialects.secrets import mask_message

    return mask_message(text)


def _write_stderr(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
