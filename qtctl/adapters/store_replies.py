"""Filters Redis's replies as they arrive, before they are parsed: only what may be kept passes.

A server can send anything: texts of 512 MB, arrays of two billion elements, nested until Python's stack ends. And the
reply to XINFO STREAM contains the first and the last entry of the stream, which are someone's data, however large.
Whatever is nested deeper than we read is dropped here: the reader gets a null instead.
"""

import re
from collections.abc import Sequence

from qtctl.adapters.bounds import (
    MIB,
    STORE_DROPPED,
    STORE_EXCHANGE,
    STORE_ITEMS,
    STORE_LINE,
    STORE_TEXT,
    Deadline,
)
from qtctl.adapters.byte_stream import Wire, close_wire, receive, send_all

DEEPEST = 32
KEPT_DEPTH: dict[tuple[str, ...], int] = {("XINFO", "STREAM"): 1, ("XINFO", "GROUPS"): 2, ("XINFO", "CONSUMERS"): 2}
"""How deep the arrays of a reply are kept."""
OTHERS_DEPTH = 4
_LENGTH = re.compile(rb"(?:-1|[0-9]{1,10})\r\n")
_NUMBER = re.compile(rb":[+-]?[0-9]{1,19}\r\n")
_NO_ARRAY = b"*-1\r\n"
_AT_A_TIME = 65536


class Broken(Exception):
    """The connection to Redis broke, timed out, or spoke another protocol."""


class Replies:
    """The bytes of a connection. One deadline holds for all of an exchange."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._deadline = Deadline(0)
        self._scanner = Scanner(())

    def expect(self, commands: Sequence[tuple[str, ...]], deadline: Deadline) -> None:
        """A new exchange: a reply to each of these commands, all by the deadline."""
        self._deadline = deadline
        self._scanner = Scanner([KEPT_DEPTH.get(_name_command(command), OTHERS_DEPTH) for command in commands])

    def send(self, data: bytes) -> None:
        send_all(self._wire, data, self._deadline)

    def receive(self) -> bytes:
        """The next part of the text; b'' at the end. Broken if it is too long, or is not what Redis sends."""
        self._scanner.check()
        while data := receive(self._wire, _AT_A_TIME, self._deadline):
            if kept := self._scanner.feed(data):
                return kept
        return b""

    def close(self) -> None:
        close_wire(self._wire)


class Scanner:
    """RESP2 as it arrives: passes on what is kept, and counts everything."""

    def __init__(self, depths: Sequence[int]) -> None:
        """`depths`: for each reply to come, how deep its arrays are kept."""
        self._depths = depths
        self._reply = 0
        self._line = b""
        self._rest = 0
        self._keep = True
        self._open: list[int] = []
        self._dropped_at: int | None = None
        self._out: list[bytes] = []
        self._kept = self._dropped = self._items = 0
        self._broken: Broken | None = None

    def check(self) -> None:
        """Broken if the stream broke after what `feed` returned last."""
        if self._broken is not None:
            raise self._broken

    def feed(self, data: bytes) -> bytes:
        """The part of `data` that is kept.

        Broken for what no Redis sends, or for too much; what came before is returned.
        """
        self.check()
        try:
            self._scan(data)
        except Broken as error:
            self._broken = error
        kept, self._out = b"".join(self._out), []
        if not kept:
            self.check()
        return kept

    def _scan(self, data: bytes) -> None:
        at, end = 0, len(data)
        while at < end:
            if self._rest:
                taken = data[at : at + self._rest]
                at += len(taken)
                self._scan_text(taken)
                continue
            stop = data.find(b"\n", at) + 1
            self._line += data[at : stop or end]
            if len(self._line) > STORE_LINE:
                raise Broken(f"a line of more than {STORE_LINE} bytes")
            at = stop or end
            if stop:
                line, self._line = self._line, b""
                self._scan_head(line)

    def _scan_text(self, taken: bytes) -> None:
        self._rest -= len(taken)
        if self._keep:
            self._pass(taken)
        else:
            self._dropped += len(taken)
            if self._dropped > STORE_DROPPED:
                raise Broken(f"more than {STORE_DROPPED // MIB} MiB of entries")
        if not self._rest:
            self._end_value()

    def _scan_head(self, line: bytes) -> None:
        """The line with which a value begins; numbers, words and errors are one themselves."""
        if self._reply >= len(self._depths):
            raise Broken("it answers more than it was asked")
        self._count()
        kind = line[:1]
        if kind == b"$":
            self._begin_text(line, _parse_length(line))
        elif kind == b"*":
            self._begin_array(line, _parse_length(line))
        elif (kind in (b"+", b"-") and line.endswith(b"\r\n")) or _NUMBER.fullmatch(line):
            self._pass(line)
            self._end_value()
        else:
            raise Broken("not a reply of Redis")

    def _begin_text(self, line: bytes, size: int) -> None:
        if size < 0:
            self._pass(line)
            self._end_value()
            return
        self._keep = self._dropped_at is None
        if self._keep and size > STORE_TEXT:
            raise Broken(f"a text of {size} bytes, and {STORE_TEXT} are read")
        self._rest = size + 2
        self._pass(line)

    def _begin_array(self, line: bytes, count: int) -> None:
        if len(self._open) >= DEEPEST:
            raise Broken(f"arrays that are nested deeper than {DEEPEST}")
        if self._dropped_at is None and len(self._open) >= self._depths[self._reply]:
            self._dropped_at = len(self._open)
        self._pass(line)
        if count > 0:
            self._open.append(count)
            return
        self._stop_dropping()
        self._end_value()

    def _pass(self, line: bytes) -> None:
        if self._dropped_at is not None:
            self._dropped += len(line)
            return
        self._out.append(line)
        self._kept += len(line)
        if self._kept > STORE_EXCHANGE:
            raise Broken(f"it answers with more than {STORE_EXCHANGE // MIB} MiB")

    def _count(self) -> None:
        self._items += 1
        if self._items > STORE_ITEMS:
            raise Broken(f"more than {STORE_ITEMS} values")

    def _end_value(self) -> None:
        """A value is complete, and possibly the arrays that end with it."""
        while self._open:
            self._open[-1] -= 1
            if self._open[-1]:
                return
            self._open.pop()
            self._stop_dropping()
        self._reply += 1

    def _stop_dropping(self) -> None:
        """The dropped array is complete: put a placeholder in its place and continue with the reply."""
        if self._dropped_at == len(self._open):
            self._dropped_at = None
            self._pass(_NO_ARRAY)


def _parse_length(line: bytes) -> int:
    if not _LENGTH.fullmatch(line, 1):
        raise Broken("a length that no Redis sends")
    return int(line[1:-2])


def _name_command(command: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.upper() for word in command[:2])
