"""The bus client against a real dbus-daemon on a socket of its own; systemd's part is in test_lab.py."""

import os
import signal
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
from qtctl.interfaces.host import BusCall
from tests.adapters.conftest import OpenAt

DAEMON = "org.freedesktop.DBus"
Daemon = tuple[str, "subprocess.Popen[bytes]"]
"""Where it listens, and its process."""
PING = BusCall("/org/freedesktop/DBus", "org.freedesktop.DBus.Peer", "Ping", destination=DAEMON)


def owner(name: str) -> BusCall:
    return BusCall("/org/freedesktop/DBus", DAEMON, "GetNameOwner", "s", (name,), destination=DAEMON)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
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


def test_replies_in_order(daemon: Daemon, local_bus: OpenAt) -> None:
    bus = local_bus("here", daemon[0])
    calls = [PING if number % 2 else owner(DAEMON) for number in range(999)]
    replies = bus.call(calls, 10)
    assert [reply.body for reply in replies] == [() if number % 2 else (DAEMON,) for number in range(999)]
    bus.close()


def test_errors_are_replies(daemon: Daemon, local_bus: OpenAt) -> None:
    bus = local_bus("here", daemon[0])
    good, bad = bus.call([PING, owner("org.example.Nobody")], 5)
    assert (good.error, bad.error) == ("", "org.freedesktop.DBus.Error.NameHasNoOwner")
    assert "org.example.Nobody" in bad.message
    bus.close()


def test_nothing_asked(daemon: Daemon, local_bus: OpenAt) -> None:
    bus = local_bus("here", daemon[0])
    assert bus.call([], 1) == []
    bus.close()


def test_the_bus_goes_away(daemon: Daemon, local_bus: OpenAt) -> None:
    bus = local_bus("here", daemon[0])
    daemon[1].kill()
    daemon[1].wait(5)
    with pytest.raises(HostError, match="no system bus"):
        bus.call([PING], 5)
    bus.close()


def test_a_closed_bus_leaves_nothing_open(daemon: Daemon, local_bus: OpenAt) -> None:
    open_ = []
    for _ in range(12):
        bus = local_bus("here", daemon[0])
        assert bus.call([PING], 5)[0].error == ""
        bus.close()
        open_.append(len(list(Path("/proc/self/fd").iterdir())))
    assert open_[-1] < open_[1] + 5


def test_closing_does_not_wait_for_a_bus_that_hangs(daemon: Daemon, local_bus: OpenAt) -> None:
    bus = local_bus("here", daemon[0])
    os.kill(daemon[1].pid, signal.SIGSTOP)
    with pytest.raises(HostError, match="no answer in time"):
        bus.call([owner("x" * 250)] * 20_000, 0.5)
    began = time.monotonic()
    bus.close()
    assert time.monotonic() - began < 2
    os.kill(daemon[1].pid, signal.SIGCONT)


def test_the_bus_goes_away_while_it_is_asked(daemon: Daemon, local_bus: OpenAt) -> None:
    bus = local_bus("here", daemon[0])
    os.kill(daemon[1].pid, signal.SIGSTOP)
    threading.Timer(0.2, daemon[1].kill).start()
    began = time.monotonic()
    with pytest.raises(HostError, match="no system bus: it closed the connection"):
        bus.call([PING] * 300, 20)
    assert time.monotonic() - began < 5
    bus.close()


def test_a_bus_that_hangs(daemon: Daemon, local_bus: OpenAt) -> None:
    bus = local_bus("here", daemon[0])
    os.kill(daemon[1].pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(HostError, match="no answer in time"):
        bus.call([PING], 0.3)
    assert time.monotonic() - began < 2
    os.kill(daemon[1].pid, signal.SIGCONT)
    bus.close()


def test_a_bus_that_hangs_from_the_start(daemon: Daemon, local_bus: OpenAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "HELLO_DEADLINE_S", 0.3)
    os.kill(daemon[1].pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(HostError, match="no system bus: no answer in time"):
        local_bus("here", daemon[0])
    assert time.monotonic() - began < 2
    os.kill(daemon[1].pid, signal.SIGCONT)


def test_a_bus_that_answers_late_is_asked_again(daemon: Daemon, local_bus: OpenAt) -> None:
    """What comes after its deadline is no answer to the next question."""
    bus = local_bus("here", daemon[0])
    os.kill(daemon[1].pid, signal.SIGSTOP)
    with pytest.raises(HostError, match="no answer in time"):
        bus.call([owner("org.example.Nobody")] * 3, 0.2)
    os.kill(daemon[1].pid, signal.SIGCONT)
    assert [reply.body for reply in bus.call([owner(DAEMON), PING], 5)] == [(DAEMON,), ()]
    bus.close()


def test_a_command_that_is_no_bridge() -> None:
    with pytest.raises(HostError, match=r"no system bus.*it is broken"):
        bridge.open_over_command("echo 'it is broken' >&2; exit 1", "here", None)
    with pytest.raises(HostError, match="no systemd-stdio-bridge"):
        bridge.open_over_command("no-such-program", "here", None)


def test_no_socket(tmp_path: Path, local_bus: OpenAt) -> None:
    with pytest.raises(HostError, match=r"no system bus: .*No such file"):
        local_bus("here", str(tmp_path / "none"))


def test_something_else_on_the_socket() -> None:
    with pytest.raises(HostError, match="no system bus"):
        bridge.open_over_command("echo HTTP/1.0 400 Bad; cat >/dev/null", "here", None)


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
