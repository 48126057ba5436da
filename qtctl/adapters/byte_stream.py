"""What the bus, the store and SFTP need of a byte stream: a socket, or a paramiko channel that behaves like one."""

from contextlib import suppress
from typing import Protocol

from qtctl.adapters.bounds import Deadline

_CHUNK = 131072


class Wire(Protocol):
    def settimeout(self, timeout: float | None, /) -> None: ...

    def send(self, data: bytes, /) -> int: ...

    def recv(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def send_all(wire: Wire, data: bytes, deadline: Deadline) -> None:
    """Send all of it by the deadline, else TimeoutError, even if it is accepted byte by byte. EOFError if gone."""
    left = memoryview(data)
    while left:
        wire.settimeout(deadline.left())
        sent = wire.send(bytes(left[:_CHUNK]))
        if not sent:
            raise EOFError("it closed the connection")
        left = left[sent:]


def receive(wire: Wire, size: int, deadline: Deadline) -> bytes:
    """The next bytes, up to `size`; b'' at the end. TimeoutError after the deadline, data or not."""
    wire.settimeout(deadline.left())
    return wire.recv(size)


def close_wire(wire: Wire) -> None:
    """Close it; if the connection is lost, paramiko raises what it could not send."""
    with suppress(OSError, EOFError):
        wire.close()
