"""RESP2, the protocol of Redis (redis.io/docs/reference/protocol-spec): commands out, replies in, over a Wire.

Not redis-py: it takes 0.15 s of CPU to import, and an audit needs of it these lines (docs/decisions).
"""

import time
from collections.abc import Sequence

from qtctl.adapters.wire import Wire
from qtctl.ports.host import StoreReply

DEEPEST = 32
LARGEST = 512 * 1024 * 1024
"""Redis's own limit of a bulk string (proto-max-bulk-len)."""
_CHUNK = 65536


class Broken(Exception):
    """The connection to Redis broke, timed out, or spoke something else."""


class _Incomplete(Exception):
    """More bytes are needed."""


class RedisError(str):
    """An error as Redis words it, code first: NOAUTH …, NOPERM …, ERR no such key."""

    __slots__ = ()


class Connection:
    """A connection that is already made, and on which nothing is sent but what is asked."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._buffer = bytearray()

    def exchange(self, commands: Sequence[Sequence[str]], until: float) -> list[StoreReply]:
        """Send all commands, then read all replies. Broken after `until` (monotonic)."""
        try:
            self._wire.settimeout(_left(until))
            self._wire.sendall(b"".join(map(pack, commands)))
            return self._replies(len(commands), until)
        except TimeoutError as error:
            raise Broken("Timeout: no answer in time") from error
        except (OSError, EOFError, ValueError) as error:
            raise Broken(" ".join(str(error).split()) or type(error).__name__) from error

    def close(self) -> None:
        self._wire.close()

    def _replies(self, count: int, until: float) -> list[StoreReply]:
        replies: list[StoreReply] = []
        while True:
            at = 0
            while len(replies) < count and (found := parse(self._buffer, at)) is not None:
                value, at = found
                replies.append(StoreReply(None, str(value)) if isinstance(value, RedisError) else StoreReply(value))
            del self._buffer[:at]
            if len(replies) == count:
                return replies
            self._wire.settimeout(_left(until))
            data = self._wire.recv(_CHUNK)
            if not data:
                raise Broken("the connection was closed")
            self._buffer += data


def pack(words: Sequence[str]) -> bytes:
    """A command as an array of bulk strings."""
    raw = [word.encode("utf-8", "surrogateescape") for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw)


def parse(buffer: bytes | bytearray, at: int) -> tuple[object, int] | None:
    """The reply at `at` and where it ends: str, int, None, list or RedisError. None where it is not all there yet.

    Bytes that are not UTF-8 come out as \\xNN. ValueError for what is no RESP2.
    """
    try:
        return _value(buffer, at, DEEPEST)
    except _Incomplete:
        return None


def _value(buffer: bytes | bytearray, at: int, deep: int) -> tuple[object, int]:
    if deep == 0:
        raise ValueError("Protocol Error: nested too deeply")
    kind, line, at = _line(buffer, at)
    if kind == b"+":
        return _text(line), at
    if kind == b"-":
        return RedisError(_text(line)), at
    if kind == b":":
        return int(line), at
    if kind == b"$":
        return _bulk(buffer, at, _count(line))
    if kind == b"*":
        return _array(buffer, at, _count(line), deep)
    raise ValueError(f"Protocol Error: {(kind + line[:60])!r}")


def _line(buffer: bytes | bytearray, at: int) -> tuple[bytes, bytes, int]:
    end = buffer.find(b"\r\n", at)
    if end < 0:
        kind = bytes(buffer[at : at + 1])
        if kind and kind not in b"+-:$*":
            raise ValueError(f"Protocol Error: {bytes(buffer[at : at + 60])!r}")
        raise _Incomplete
    return bytes(buffer[at : at + 1]), bytes(buffer[at + 1 : end]), end + 2


def _count(line: bytes) -> int:
    count = int(line)
    if not -1 <= count <= LARGEST:
        raise ValueError(f"Protocol Error: a length of {count}")
    return count


def _bulk(buffer: bytes | bytearray, at: int, size: int) -> tuple[object, int]:
    if size < 0:
        return None, at
    if len(buffer) < at + size + 2:
        raise _Incomplete
    return _text(bytes(buffer[at : at + size])), at + size + 2


def _array(buffer: bytes | bytearray, at: int, size: int, deep: int) -> tuple[object, int]:
    if size < 0:
        return None, at
    found = []
    for _ in range(size):
        value, at = _value(buffer, at, deep - 1)
        found.append(value)
    return found, at


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.001)
