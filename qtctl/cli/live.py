"""The live view of `qtctl watch`: a table of what is watched, drawn again when something has changed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, strftime

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from qtctl.cli.output import make_harmless
from qtctl.dialects.wording import count_more
from qtctl.model.watch import CONNECTED, Change, Kind
from qtctl.reports.watch_lines import describe

RECENT = 8
"""Changes that stay in sight, at most; they take up to a third of a low terminal."""
COLUMNS = ("host", "what", "state", "restarts")
GAP = 2
Row = list[tuple[str, str]]
"""The text of each column, and its style."""
FRESH_S = 3.0
"""How long a changed line stands out."""
GOOD = ("active (", "listening", "0 behind", CONNECTED)


class LiveView:
    """What is known of each thing, and the last changes. `take` draws them."""

    def __init__(self, live: Live, console: Console) -> None:
        self._live, self._console = live, console
        self._states: dict[tuple[str, Kind, str], tuple[str, float]] = {}
        self._recent: list[str] = []
        self._drawn = ""

    def take(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._states[change.host, change.kind, change.subject] = (
                change.after,
                monotonic() if change.before else 0.0,
            )
            if change.before or change.kind is Kind.HOST:
                self._recent = [*self._recent, f"{strftime('%H:%M:%S')} {describe(change)}"][-RECENT:]
        self._draw()

    def _draw(self) -> None:
        """Only if something looks different: an idle view costs nothing."""
        rows = list(self._list_rows())
        width, height = self._console.size
        recent = self._recent[-max(min(RECENT, height // 3), 1) :]
        drawn = repr((rows, recent, width, height))
        if drawn == self._drawn:
            return
        self._drawn = drawn
        table = Table(box=None, pad_edge=False, expand=False)
        room = max(height - len(recent) - 4, 1)
        for name, wide in zip(COLUMNS, choose_widths(rows[:room], width), strict=True):
            table.add_column(name, no_wrap=True, overflow="ellipsis", width=wide)
        for row in rows[:room]:
            table.add_row(*(Text(make_harmless(text), style=style) for text, style in row))
        if len(rows) > room:
            table.add_row("", Text(count_more(len(rows) - room), style="dim"))
        grid = Table.grid()
        grid.add_row(table)
        grid.add_row(Text(""))
        for each in recent:
            grid.add_row(Text(make_harmless(each), style="dim", no_wrap=True, overflow="ellipsis"))
        self._live.update(grid, refresh=True)

    def _list_rows(self) -> Iterator[Row]:
        """Hosts that are lost, and what is not as usual, first; each row with its styles."""
        shown = [(key, *value) for key, value in self._states.items() if key[1] is not Kind.RESTARTS]
        for (host, kind, subject), state, at in sorted(shown, key=lambda each: (each[1].startswith(GOOD), each[0])):
            restarts = self._states.get((host, Kind.RESTARTS, subject), ("", 0.0))[0]
            style = "green" if state.startswith(GOOD) else "red"
            fresh = " reverse" if monotonic() - at < FRESH_S else ""
            what = subject if kind is not Kind.HOST else "connection"
            yield [(host, ""), (what, ""), (state, style + fresh), ("" if restarts == "0" else restarts, "yellow")]


def choose_widths(rows: Sequence[Row], width: int) -> tuple[int, ...]:
    """The widths of the columns in so many cells: the host stays readable, the rest is for what there is to see."""
    host, what, state, restarts = (
        max([cell_len(name), *(cell_len(make_harmless(row[at][0])) for row in rows)]) for at, name in enumerate(COLUMNS)
    )
    host = min(host, max(width // 4, 4))
    left = max(width - host - restarts - GAP * (len(COLUMNS) - 1), 2)
    state = min(state, max(left - min(what, width // 4), left // 3, 1))
    return host, max(min(what, left - state), 1), state, restarts


@contextmanager
def show_live() -> Iterator[LiveView]:
    console = Console(highlight=False, markup=False, emoji=False)
    with Live(console=console, auto_refresh=False, screen=False, transient=False) as live:
        yield LiveView(live, console)
