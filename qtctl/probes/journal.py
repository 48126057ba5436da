"""The last lines of units' journals, read when a deploy must say why a unit does not run.

Not evidence: nothing is judged by what a program says about itself.
"""

from collections.abc import Sequence
from shlex import join

from qtctl.dialects.lines import split_lines
from qtctl.remote.request import Request, Verb, encode_calls
from qtctl.remote.scripts import read_script

LINES = 5
"""Per unit."""

_MANAGER = " systemd[1]: "


def make_journal_request(units: Sequence[str]) -> Request:
    call = ("show_last_lines", *units)
    return Request(f"{read_script('journal.sh')}{join(call)}\n", Verb.READ, encode_calls([call]))


def read_journals(stdout: bytes) -> dict[str, tuple[str, ...]]:
    """Unit → its last LINES; if all of them are systemd's own, preceded by the program's last line."""
    found: dict[str, list[str]] = {}
    rows: list[str] = []
    for line in split_lines(stdout.decode("utf-8", "replace")):
        if line.startswith("unit "):
            rows = found.setdefault(line.removeprefix("unit "), [])
        else:
            rows.append(line.removeprefix(" "))
    return {unit: _read_last(rows) for unit, rows in found.items()}


def _read_last(rows: list[str]) -> tuple[str, ...]:
    last, before = rows[-LINES:], rows[:-LINES]
    own = [row for row in before if _MANAGER not in row]
    return tuple(own[-1:] + last if all(_MANAGER in row for row in last) else last)
