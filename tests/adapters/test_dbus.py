"""The bus client against a real dbus-daemon on a socket of its own; systemd's part is in test_lab.py."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jeepney import new_method_return
from jeepney.low_level import Parser

from qtctl.adapters import bridge
from qtctl.adapters.dbus import StreamBus
from qtctl.adapters.dbus_values import encode
from qtctl.errors import HostError
from qtctl.ports.host import BusCall

DAEMON = "org.freedesktop.DBus"
PING = BusCall("/org/freedesktop/DBus", "org.freedesktop.DBus.Peer", "Ping", destination=DAEMON)


def owner(name: str) -> BusCall:
    return BusCall("/org/freedesktop/DBus", DAEMON, "GetNameOwner", "s", (name,), destination=DAEMON)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    path = str(tmp_path / "bus")
    process = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={path}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 5
    while not _listens(path):
        assert time.monotonic() < until
        time.sleep(0.01)
    yield path, process
    process.terminate()
    process.wait(5)


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as asked:
        return asked.connect_ex(path) == 0


def test_replies_in_order(daemon: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    bus = bridge.local("here", daemon[0])
    calls = [PING if number % 2 else owner(DAEMON) for number in range(999)]
    replies = bus.call(calls, 10)
    assert [reply.body for reply in replies] == [() if number % 2 else (DAEMON,) for number in range(999)]
    bus.close()


def test_errors_are_replies(daemon: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    bus = bridge.local("here", daemon[0])
    good, bad = bus.call([PING, owner("org.example.Nobody")], 5)
    assert (good.error, bad.error) == ("", "org.freedesktop.DBus.Error.NameHasNoOwner")
    assert "org.example.Nobody" in bad.message
    bus.close()


def test_nothing_asked(daemon: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    bus = bridge.local("here", daemon[0])
    assert bus.call([], 1) == []
    bus.close()


def test_the_bus_goes_away(daemon: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    bus = bridge.local("here", daemon[0])
    daemon[1].kill()
    daemon[1].wait(5)
    with pytest.raises(HostError, match="no system bus"):
        bus.call([PING], 5)
    bus.close()


def test_a_bus_that_hangs(daemon: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    bus = bridge.local("here", daemon[0])
    os.kill(daemon[1].pid, 19)
    began = time.monotonic()
    with pytest.raises(HostError, match="no answer in time"):
        bus.call([PING], 0.3)
    assert time.monotonic() - began < 2
    os.kill(daemon[1].pid, 18)
    bus.close()


def test_a_command_that_is_no_bridge() -> None:
    with pytest.raises(HostError, match=r"no system bus.*it is broken"):
        bridge.over_command("echo 'it is broken' >&2; exit 1", "here", None)
    with pytest.raises(HostError, match="no systemd-stdio-bridge"):
        bridge.over_command("no-such-program", "here", None)


def test_no_socket(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no system bus: No such file"):
        bridge.local("here", str(tmp_path / "none"))


def test_something_else_on_the_socket() -> None:
    with pytest.raises(HostError, match="no system bus"):
        bridge.over_command("echo HTTP/1.0 400 Bad; cat >/dev/null", "here", None)


def _babble(end: socket.socket, frame: bytes) -> None:
    """Log a client in, and answer its Hello with `frame`."""
    end.recv(4096)
    end.sendall(b"OK 0123\r\n")
    end.recv(4096)
    end.sendall(frame)
    end.shutdown(socket.SHUT_WR)
    while end.recv(4096):
        pass


def _hello(frame: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server = threading.Thread(target=_babble, args=(theirs, frame))
        server.start()
        try:
            StreamBus(ours, b"AUTH ANONYMOUS", lambda what: HostError(f"no bus: {what}"), 5)
        finally:
            ours.close()
            server.join()


GOOD = new_method_return(Parser().feed(encode(PING, 1))[0], "sa{sv}", (":1.7", {"a": ("(su)", ("x", 3))})).serialise(7)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_bus_that_talks_nonsense_is_no_bus(noise: list[tuple[int, int]]) -> None:
    _hello(GOOD)
    spoilt = bytearray(GOOD)
    for at, byte in noise:
        spoilt[at] = byte
    with suppress(HostError):
        _hello(bytes(spoilt))
