"""RESP2 over a given stream: commands out, and the replies that `store_replies` lets through, as values."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from qtctl.adapters.bounds import Deadline, shorten_output
from qtctl.adapters.byte_stream import Wire
from qtctl.adapters.store_replies import Broken, Replies
from qtctl.interfaces.host import StoreReply

LONGEST_ERROR = 500
LATE = "no answer in time"


class ErrorReply(NamedTuple):
    """An error reply of Redis with its code (NOAUTH, NOPERM)."""

    text: str


class StreamConnection:
    """An established connection on which only the given commands are sent."""

    def __init__(self, wire: Wire) -> None:
        self._replies = Replies(wire)
        self._reader = Reader(self._replies.receive)
        self.alive = True
        """False once it broke: it answers nothing any more."""

    def exchange(self, commands: list[tuple[str, ...]], deadline: Deadline) -> list[StoreReply]:
        """Send all commands, then read all replies. Broken if it breaks before the first reply.

        If it breaks later, or the deadline passes, the commands without a reply have that as their error.
        """
        replies: list[StoreReply] = []
        try:
            self._replies.expect(commands, deadline)
            self._replies.send(b"".join(map(pack, commands)))
            replies.extend(_make_reply(self._reader.read()) for _ in commands)
        except (Broken, OSError, EOFError, ValueError) as error:
            why = LATE if isinstance(error, TimeoutError) else shorten_output(str(error)) or type(error).__name__
            self.disconnect()
            if not replies:
                raise Broken(why) from error
            replies += [StoreReply(None, f"no answer: {why}")] * (len(commands) - len(replies))
        return replies

    def disconnect(self) -> None:
        self.alive = False
        self._replies.close()


class Reader:
    """RESP2 values from bytes as they arrive: lists, str, int, None, ErrorReply.

    Bytes that are not UTF-8 become `\\xff`. How deep, long and many values may be is checked elsewhere (see
    `store_replies.Scanner`).
    """

    def __init__(self, receive: Callable[[], bytes]) -> None:
        """`receive`: returns the next bytes, b'' at the end."""
        self._receive = receive
        self._data = b""
        self._at = 0

    def read(self) -> Any:  # noqa: ANN401 - whatever Redis answers
        """The next value. Broken if the bytes end, or are not a Redis reply."""
        kind, rest = self._read_line()
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else _decode(self._take(size))
        if kind == b"*":
            count = int(rest)
            return None if count < 0 else [self.read() for _ in range(count)]
        if kind == b":":
            return int(rest)
        if kind in (b"+", b"-"):
            return _decode(rest) if kind == b"+" else ErrorReply(_decode(rest))
        raise Broken("not a reply of Redis")

    def _read_line(self) -> tuple[bytes, bytes]:
        while (end := self._data.find(b"\r\n", self._at)) < 0:
            self._read_more()
        line, self._at = self._data[self._at : end], end + 2
        return line[:1], line[1:]

    def _take(self, size: int) -> bytes:
        while len(self._data) - self._at < size + 2:
            self._read_more()
        start, self._at = self._at, self._at + size + 2
        return self._data[start : start + size]

    def _read_more(self) -> None:
        data = self._receive()
        if not data:
            raise Broken("the connection was closed")
        self._data, self._at = self._data[self._at :] + data, 0


def pack(command: Sequence[str]) -> bytes:
    words = [word.encode("utf-8", "backslashreplace") for word in command]
    return b"*%d\r\n%b" % (len(words), b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words))


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _make_reply(value: object) -> StoreReply:
    if isinstance(value, ErrorReply):
        return StoreReply(None, shorten_output(value.text, limit=LONGEST_ERROR))
    return StoreReply(value)
