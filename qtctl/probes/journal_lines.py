"""Lines of units in a host's journal: the script that prints them, and what it prints, as JSON."""

import json
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from shlex import quote
from typing import Any

from qtctl.model.log_line import ClockOffset, LogLine, LogRequest, Units
from qtctl.remote.scripts import read_script

MOST_BYTES = 256 * 1024 * 1024
"""Of one host, before compression, if its lines are not followed."""
LONGEST_LINE = 512 * 1024
"""Of one line of JSON: journald itself cuts what a program prints after 48 KiB."""
PROGRAM_S = 120
"""Processor time of one program, where lines are not followed."""
_FIELDS = "MESSAGE,PRIORITY,_PID,_SYSTEMD_UNIT,UNIT,OBJECT_SYSTEMD_UNIT,COREDUMP_UNIT"
_OF_UNIT = ("_SYSTEMD_UNIT", "UNIT", "OBJECT_SYSTEMD_UNIT", "COREDUMP_UNIT")
_MICROSECONDS = 1_000_000
_CURSOR = re.compile(r"[A-Za-z0-9=;]{1,300}")
_PRIORITIES: dict[object, int] = {str(number): number for number in range(8)}
_DIGITS = 10
_decode = json.JSONDecoder().raw_decode
"""Reads a value, and says where it ends: two thirds of the time of `json.loads`."""


def make_script(units: Units, request: LogRequest) -> str:
    """The script to send; the caller then asks for the time, and says from when (`logs.sh`)."""
    arguments = [
        "--output=json",
        f"--output-fields={_FIELDS}",
        "--all",
        "--quiet",
        "--no-pager",
        *(f"--unit={unit}" for unit in sorted(units)),
    ]
    if request.priority is not None:
        arguments.append(f"--priority={request.priority}")
    if request.grep:
        arguments.append(f"--grep={request.grep}")
    if request.lines is not None:
        arguments.append(f"--lines={request.lines}")
    if request.follow:
        arguments.append("--follow")
    elif is_reversed(request):
        arguments.append("--reverse")
    follow = "yes" if request.follow else "no"
    limit = "" if request.follow else f"ulimit -t {PROGRAM_S}\n"
    called = " ".join(["attend_logs", str(MOST_BYTES), follow, *map(quote, arguments)])
    return f"{{\n{read_script('logs.sh')}{limit}{called}\nexit\n}}\n"


def is_reversed(request: LogRequest) -> bool:
    """Whether the newest line comes first: newer journalctls do that by themselves if both are given."""
    return bool(request.grep) and request.lines is not None and not request.follow


def say_range(request: LogRequest, clock: ClockOffset, after: str = "") -> str:
    """The line that says from when to when, by the host's own clock; or `after` which line, by its cursor.

    A cursor that journalctl would not print is ignored.
    """
    if _CURSOR.fullmatch(after):
        return f"after {after}\n"
    limits = (_say_moment(request.since, clock), _say_moment(request.until, clock))
    return f"go {' '.join(limits)}\n"


def _say_moment(moment: int | None, clock: ClockOffset) -> str:
    if moment is None:
        return "-"
    told = max(0, moment + clock.ahead)
    return f"{told // _MICROSECONDS}.{told % _MICROSECONDS:06d}"


class LineReader:
    """Reads what journalctl printed, in any pieces. Its fields describe everything that was read so far.

    `exit`: its exit status, None before it has ended. `complaint`: what it printed besides lines. `left_out`: lines
    that are too long, or that are none of a journal. `bytes`: what was read, before compression.
    """

    def __init__(self, host: str, units: Units, clock: ClockOffset, *, keeps_cursors: bool = False) -> None:
        """`keeps_cursors`: each line has its own, which takes memory."""
        self._host, self._units, self._ahead = host, units, clock.ahead
        self._keeps_cursors = keeps_cursors
        self._rest = b""
        self._skipping = False
        self.exit: int | None = None
        self.complaint = ""
        self.left_out = self.bytes = 0

    def read(self, piece: bytes) -> Iterator[LogLine]:
        self.bytes += len(piece)
        whole, end, rest = (self._rest + piece).rpartition(b"\n")
        for text in whole.decode("utf-8", "replace").split("\n") if end else ():
            if self._skipping:
                self._skipping = False
            elif len(text) > LONGEST_LINE:
                self.left_out += 1
            elif (line := self._read_line(text)) is not None:
                yield line
        if len(rest) > LONGEST_LINE:
            self.left_out += not self._skipping
            self._skipping, rest = True, b""
        self._rest = rest

    def _read_line(self, text: str) -> LogLine | None:
        if not text.startswith("{"):
            self._note(text)
            return None
        try:
            fields, end = _decode(text)
            if end != len(text) and not text[end:].isspace():
                self.left_out += 1
                return None
            get = fields.get
            stamped = int(fields["__REALTIME_TIMESTAMP"])
            unit = get("_SYSTEMD_UNIT")
            if not isinstance(unit, str) or unit not in self._units:
                unit = self._find_unit(fields)
            message, priority, pid = get("MESSAGE"), get("PRIORITY"), get("_PID")
            return LogLine(
                stamped - self._ahead,
                self._host,
                unit,
                self._units.get(unit, unit),
                _read_text(message),
                stamped,
                _PRIORITIES.get(priority) if isinstance(priority, str) else None,
                _read_pid(pid) if isinstance(pid, str) else None,
                fields["__CURSOR"] if self._keeps_cursors else "",
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            self.left_out += 1
            return None

    def _note(self, text: str) -> None:
        if text.startswith("exit ") and text[5:].isascii() and text[5:].isdecimal():
            self.exit = int(text[5:8])
        elif text.strip():
            self.complaint = self.complaint or text[:300]

    def _find_unit(self, fields: dict[str, Any]) -> str:
        """The unit that was asked for: systemd's own messages about a unit name it in another field."""
        found = [value for name in _OF_UNIT for value in _list_texts(fields.get(name))]
        return next((unit for unit in found if unit in self._units), found[0] if found else "")


class Unpacker:
    """Pieces of gzip, unpacked up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._left = most

    def unpack(self, piece: bytes) -> bytes:
        """ValueError for what is not gzip, or unpacks to more than was allowed."""
        try:
            found = self._gzip.decompress(piece, self._left + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        self._left -= len(found)
        if self._left < 0:
            raise ValueError("more than is read")
        return found


def _list_texts(value: object) -> list[str]:
    """The values of a field, which a program may have given several times."""
    several = value[:16] if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, str)]


def _read_text(value: object) -> str:
    """What journalctl prints of a field: text, the bytes of what is no text, or several of both."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    if all(isinstance(each, int) and 0 <= each < 256 for each in value):  # noqa: PLR2004 - bytes
        return bytes(value).decode("utf-8", "replace")
    return " ".join(_read_text(each) for each in value[:16] if not isinstance(each, int))


@lru_cache(maxsize=4096)
def _read_pid(value: str) -> int | None:
    if len(value) <= _DIGITS and value.isascii() and value.isdecimal():
        return int(value)
    return None
