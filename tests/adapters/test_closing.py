"""What is closed once the connection is lost: a channel of paramiko raises what it could not send."""

import pytest

from qtctl.adapters.bounds import Deadline
from qtctl.adapters.byte_stream import close_wire
from qtctl.adapters.dbus import StreamBus
from qtctl.errors import HostError


class Lost:
    """A channel whose connection was lost."""

    def settimeout(self, _timeout: float | None) -> None:
        pass

    def send(self, _data: bytes) -> int:
        return 0

    def recv(self, _size: int) -> bytes:
        return b""

    def close(self) -> None:
        raise EOFError


def test_it_is_closed_all_the_same() -> None:
    close_wire(Lost())


def test_a_bus_that_is_lost_says_so_and_can_be_closed() -> None:
    with pytest.raises(HostError, match="lost"):
        StreamBus(Lost(), b"", lambda what: HostError(f"lost: {what}"), Deadline(1).left())
