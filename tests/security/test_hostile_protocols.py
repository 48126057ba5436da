"""Each protocol by itself, against a peer that does not keep to it: the deadline and the bounds hold."""

import itertools
import socket
import struct
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko
import pytest

from qtctl.adapters import ssh, ssh_bounds
from qtctl.adapters.bounds import BUS_MESSAGE
from qtctl.adapters.dbus import StreamBus
from qtctl.adapters.local import LocalHost
from qtctl.adapters.sftp import Tree
from qtctl.adapters.ssh import connect
from qtctl.adapters.store import RedisStore
from qtctl.errors import HostError
from qtctl.interfaces.host import UNREADABLE, BusCall, StoreReply
from qtctl.model.tree import TreeFile
from tests.adapters import servers
from tests.security.hostile_sshd import Hostile, exits, hostile_sshd, returned, signal, talk

SOON_S, WITHIN_S = 0.3, 2.0
HELLO = struct.pack("<I", 4) + b":1.7\0"
CALL = BusCall("/a", "b.c", "D")
MIB = 1024 * 1024


@contextmanager
def against(other: Callable[[socket.socket], None]) -> Iterator[socket.socket]:
    """A socket with `other` at its far end, in a thread of its own."""
    ours, theirs = socket.socketpair()

    def run() -> None:
        with suppress(OSError), theirs:
            other(theirs)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield ours
    finally:
        ours.close()
        thread.join(5)
        assert not thread.is_alive()


@contextmanager
def soon(within_s: float = WITHIN_S) -> Iterator[None]:
    """Little work, whatever else the machine does, and no wait without end."""
    began, worked = time.monotonic(), time.process_time()
    yield
    assert time.process_time() - worked < within_s
    assert time.monotonic() - began < 30 * within_s


def drip(sock: socket.socket, data: bytes = b"") -> None:
    """A byte now and then, so that no wait for a single one is long."""
    for byte in itertools.chain(data, itertools.repeat(0)):
        sock.sendall(bytes((byte,)))
        time.sleep(0.05)


def bus_of(sock: socket.socket, deadline_s: float = 5) -> StreamBus:
    return StreamBus(sock, b"AUTH ANONYMOUS", lambda what: HostError(f"no bus: {what}"), deadline_s)


# The bus


def says(words: bytes) -> Callable[[socket.socket], None]:
    """Says these words, and then nothing."""

    def other(sock: socket.socket) -> None:
        sock.sendall(words)
        while sock.recv(4096):
            pass

    return other


def logs_in_for_ever(sock: socket.socket) -> None:
    while True:
        sock.sendall(b"DATA " * 1000)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        pytest.param(logs_in_for_ever, "did not end", id="endless line"),
        pytest.param(drip, "no answer in time", id="a byte now and then"),
        pytest.param(lambda sock: sock.recv(1), "closed", id="hangs up"),
        pytest.param(says(b"REJECTED \x1b[2J" + b"x" * 900 + b"\r\n"), "login refused", id="no"),
        pytest.param(says(b"OK 1\r\nHTTP/1.0 400 Bad"), "in time", id="web"),
    ],
)
def test_a_bus_that_lets_nobody_in(other: Callable[[socket.socket], None], words: str) -> None:
    with against(other) as sock, soon(), pytest.raises(HostError, match=words) as caught:
        bus_of(sock, SOON_S)
    assert caught.value.what.isprintable()
    assert len(caught.value.what) < 400


def asked(replies: Callable[[int], bytes], deadline_s: float = SOON_S) -> list[object]:
    """The answers to two calls on a bus that lets one log in and gives `replies` to each."""

    def reply(serial: int) -> bytes:
        return returned(serial, "s", HELLO) if serial == 1 else replies(serial)

    with against(lambda sock: talk(sock, reply)) as sock:
        return [(reply.body, reply.error, reply.message) for reply in bus_of(sock).call([CALL] * 2, deadline_s)]


NUMBERS = struct.pack("<I", 4 * MIB) + bytes(4 * MIB)


@pytest.mark.parametrize(
    ("signature", "body"),
    [
        pytest.param("a()", b"\x40\0\0\0" + bytes(68), id="structs of nothing"),
        pytest.param("a{vs}", b"\x40\0\0\0" + bytes(68), id="keys that cannot be"),
        pytest.param("an", NUMBERS, id="numbers"),
        pytest.param("aas", NUMBERS, id="arrays"),
        pytest.param("a(" + "(" * 30 + "y" + ")" * 31, NUMBERS, id="structs in structs"),
        pytest.param("v", b"\1v\0" * 5000, id="variants in variants"),
        pytest.param("s", b"\x04\0\0\0\xff\xfe\xfd\xfc\0", id="no UTF-8"),
        pytest.param("as", b"\xff\xff\xff\x7f" + bytes(100), id="an array beyond its message"),
        pytest.param("h", bytes(4), id="a descriptor"),
    ],
)
def test_an_answer_that_cannot_be_read_is_that_answer_alone(signature: str, body: bytes) -> None:
    good = returned(3, "s", HELLO)
    with soon(5):
        bad, fine = asked(lambda serial: returned(2, signature, body) if serial == 2 else good, 60)
    assert bad[:2] == ((), UNREADABLE)  # type: ignore[index]
    assert fine == ((":1.7",), "", "")


def head(body: int, fields: int) -> bytes:
    """The head of a method return with these lengths of fields and body."""
    return struct.pack("<BBBBIII", ord("l"), 2, 1, 1, body, 1, fields)


def big(serial: int) -> bytes:
    """As a host of the other byte order answers."""
    fields = bytes((5, 1, ord("u"), 0)) + struct.pack(">I", serial) + b"\x08\1g\0\1s\0"
    head = struct.pack(">BBBBIII", ord("B"), 2, 1, 1, 9, 1, len(fields))
    return head + fields + bytes(-len(fields) % 8) + struct.pack(">I", 4) + b":1.8\0"


def test_the_other_byte_order() -> None:
    assert asked(big, 5) == [((":1.8",), "", "")] * 2


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        pytest.param(
            lambda _: struct.pack("<BBBBIII", 108, 2, 1, 1, 127 * MIB, 1, 0) + bytes(99), "133169152", id="127"
        ),
        pytest.param(lambda _: head(127 * MIB, 0) + bytes(99), "a message of 133169152", id="127 MiB"),
        pytest.param(lambda _: head(0, BUS_MESSAGE + 8), "a message of 8388616", id="a long header"),
        pytest.param(lambda _: signal(bytes(60_000)) * 600, "sends more than", id="signals"),
        pytest.param(lambda _: signal() * 500_000, "no answer in time", id="short signals"),
        pytest.param(lambda _: returned(77, "s", HELLO) * 100_000, "no answer in time", id="answers to nothing"),
        pytest.param(lambda _: b"x" * 64, "not understood", id="noise"),
        pytest.param(lambda _: b"", "no answer in time", id="silence"),
        pytest.param(lambda _: head(0, 8) + b"\5\1a\0aaaa", "header", id="a field of arrays"),
        pytest.param(lambda _: head(0, 8) + b"\5\1s\0\xff\xff\xff\xff", "header", id="a field beyond its message"),
        pytest.param(lambda _: head(0, 16) + b"\5\1s\0\1\0\0\0x\0" + bytes(6), "another type", id="a serial of text"),
    ],
)
def test_a_bus_that_breaks_the_exchange(replies: Callable[[int], bytes], words: str) -> None:
    with soon(10), pytest.raises(HostError, match=words):
        asked(replies, 8 if "sends" in words else SOON_S)


def test_a_bus_that_drips() -> None:
    """Its bytes form a good message in the end; the deadline comes first."""

    def other(sock: socket.socket) -> None:
        talk(_Slow(sock), lambda serial: returned(serial, "s", HELLO))  # type: ignore[arg-type]

    with against(other) as sock, soon(), pytest.raises(HostError, match="no answer in time"):
        bus_of(sock, SOON_S)


class _Slow:
    """Sends a byte now and then."""

    def __init__(self, sock: socket.socket) -> None:
        self.recv = sock.recv
        self._sock = sock

    def sendall(self, data: bytes) -> None:
        for byte in data:
            self._sock.sendall(bytes((byte,)))
            time.sleep(0.05)


def test_a_bus_that_does_not_read() -> None:
    def other(sock: socket.socket) -> None:
        sock.recv(1024)
        sock.sendall(b"OK 1\r\n")
        time.sleep(3 * SOON_S)

    long = BusCall("/a", "b.c", "D", "s", ("x" * 60_000,))
    with against(other) as sock, soon(), suppress(HostError):
        bus_of(sock, SOON_S).call([long] * 100, SOON_S)


# Redis


def replied(reply: bytes, *, deadline_s: float = 5, commands: int = 1) -> list[StoreReply]:
    def other(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(reply)
        sock.recv(4096)

    with against(other) as sock:
        store = RedisStore(lambda _: sock, "store", None)
        return store.ask([("XINFO", "STREAM", "s")] * commands, deadline_s)


ENTRY = b"*2\r\n$3\r\n1-1\r\n*2\r\n$5\r\nfield\r\n$6\r\ncanary\r\n"
STREAM = (
    b"*8\r\n$6\r\nlength\r\n:1\r\n$17\r\nlast-generated-id\r\n$3\r\n1-1\r\n"
    b"$11\r\nfirst-entry\r\n" + ENTRY + b"$10\r\nlast-entry\r\n" + ENTRY
)


def test_entries_are_dropped() -> None:
    assert replied(STREAM) == [
        StoreReply(["length", 1, "last-generated-id", "1-1", "first-entry", None, "last-entry", None])
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_entries_are_dropped_however_they_arrive(size: int) -> None:
    def other(sock: socket.socket) -> None:
        sock.recv(4096)
        for at in range(0, len(STREAM), size):
            sock.sendall(STREAM[at : at + size])
        sock.recv(1)

    with against(other) as sock:
        (reply,) = RedisStore(lambda _: sock, "store", None).ask([("xinfo", "stream", "s")], 5)
    assert reply.value == ["length", 1, "last-generated-id", "1-1", "first-entry", None, "last-entry", None]


def test_entries_of_any_size_take_no_memory() -> None:
    size = 64 * MIB

    def other(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(b"*4\r\n$11\r\nfirst-entry\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$%d\r\n" % size)
        piece = bytes(MIB)
        for _ in range(size // MIB):
            sock.sendall(piece)
        sock.sendall(b"\r\n$6\r\nlength\r\n:1\r\n")
        sock.recv(1)

    tracemalloc.start()
    try:
        with against(other) as sock:
            (reply,) = RedisStore(lambda _: sock, "store", None).ask([("XINFO", "STREAM", "s")], 20)
        assert reply.value == ["first-entry", None, "length", 1]
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(bool(servers.missing()), reason=f"not installed: {', '.join(servers.missing())}")
def test_a_real_entry_of_any_size(tmp_path: Path) -> None:
    """The answer of Redis itself, with an entry of 48 MB, which is the first and the last one."""
    with servers.redis(tmp_path) as port, LocalHost() as here:
        entry = ["redis-cli", "-p", str(port), "-x", "XADD", "s", "1-1", "field"]
        subprocess.run(entry, input=b"canary" * 8_000_000, check=True, capture_output=True)
        tracemalloc.start()
        try:
            stream, groups = here.store("127.0.0.1", port, None).ask(
                [("XINFO", "STREAM", "s"), ("XINFO", "GROUPS", "s")], 20
            )
            assert tracemalloc.get_traced_memory()[1] < 8 * MIB
        finally:
            tracemalloc.stop()
    assert isinstance(stream.value, list)
    said = dict(zip(stream.value[::2], stream.value[1::2], strict=True))
    assert (said["length"], said["last-generated-id"], groups.value) == (1, "1-1", [])
    assert (said["first-entry"], said["last-entry"]) == (None, None)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(b"*1\r\n" * 5000, "nested", id="nested"),
        pytest.param(b"*2147483647\r\n" + b":1\r\n" * 300_000, "values|in time", id="count"),
        pytest.param(b"$536870912\r\nxx", "a text of 536870912", id="512 MB"),
        pytest.param(b"$-2\r\n", "length", id="negative"),
        pytest.param(b"*-2\r\n", "length", id="negative count"),
        pytest.param(b"$1e3\r\n", "length", id="no number"),
        pytest.param(b"$+5\r\nabcde\r\n", "length", id="sign"),
        pytest.param(b":" + b"9" * 5000 + b"\r\n", "not a reply", id="a number without end"),
        pytest.param(b":1_0\r\n", "not a reply", id="Python's own numbers"),
        pytest.param(b"+" + b"x" * 100_000, "line", id="a line without end"),
        pytest.param(b">3\r\n+a\r\n+b\r\n+c\r\n", "not a reply", id="a push of RESP3"),
        pytest.param(b"%1\r\n+a\r\n+b\r\n", "not a reply", id="a map of RESP3"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "not a reply", id="not Redis"),
        pytest.param(b"\r\n", "not a reply", id="an empty line"),
        pytest.param(b"+OK\r\n+OK\r\n", None, id="more than was asked"),
        pytest.param(b"$5\r\nab", "no answer in time", id="less than it says"),
    ],
)
def test_a_server_that_is_not_redis(reply: bytes, words: str | None) -> None:
    with soon(5):
        if words is None:
            with suppress(HostError):
                replied(reply, deadline_s=SOON_S)
            return
        with pytest.raises(HostError, match=words):
            replied(reply, deadline_s=SOON_S if words == "no answer in time" else 5)


def test_what_was_answered_before_it_broke_counts() -> None:
    good, bad = replied(STREAM + b"$9999999999\r\n", commands=2)
    assert good.error == ""
    assert bad.error.startswith("no answer: a text of 9999999999")


def test_an_error_text_is_one_short_line() -> None:
    (reply,) = replied(b"-ERR \x1b]0;x\x07 " + b"y" * 9000 + b"\r\n")
    assert reply.error.isprintable()
    assert len(reply.error) < 600


def test_redis_that_drips() -> None:
    def other(sock: socket.socket) -> None:
        sock.recv(4096)
        drip(sock, b"+" + b"x" * 1000)

    with against(other) as sock, soon(), pytest.raises(HostError, match="no answer in time"):
        RedisStore(lambda _: sock, "store", None).ask([("PING",)], SOON_S)


# SFTP


def sftp(*answers: bytes) -> Callable[[socket.socket], None]:
    def other(sock: socket.socket) -> None:
        for answer in answers:
            sock.recv(65536)
            sock.sendall(answer)
        while sock.recv(65536):
            pass

    return other


OPENSSH_PACKET = 256 * 1024
"""The longest packet that OpenSSH's sftp-server sends or accepts."""
VERSION = struct.pack(">IBI", 5, 2, 3)
OK = struct.pack(">IBII", 9, 101, 1, 0)
LONG = struct.pack(">IBII", 309, 102, 2, 300) + bytes(300)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        pytest.param([struct.pack(">I", 0xFFFFFFFF) + bytes(99)], "4294967295 bytes", id="length"),
        pytest.param([struct.pack(">I", OPENSSH_PACKET + 1)], "bytes", id="a byte too long"),
        pytest.param([struct.pack(">I", 0)], "0 bytes", id="nothing"),
        pytest.param([VERSION, struct.pack(">IBII", 9, 101, 77, 0)], "not asked", id="another number"),
        pytest.param([VERSION, struct.pack(">IBI", 5, 101, 1)], "not understood", id="no code"),
        pytest.param([VERSION, OK, struct.pack(">IBII", 9, 102, 2, 0)], "not understood", id="an empty handle"),
        pytest.param([VERSION, OK, LONG], "not understood", id="a long handle"),
        pytest.param([VERSION, struct.pack(">IBIII", 13, 101, 1, 4, 2**32 - 1)], "SFTP error 4", id="a text beyond"),
    ],
)
def test_a_server_that_is_not_sftp(answers: list[bytes], words: str) -> None:
    with against(sftp(*answers)) as sock, soon(), pytest.raises(HostError, match=words):
        Tree(sock, "there", SOON_S).write("/d", [TreeFile("f", b"x")])


@pytest.mark.parametrize("other", [drip, sftp(), sftp(VERSION)], ids=["drips", "silent", "silent later"])
def test_sftp_that_does_not_answer(other: Callable[[socket.socket], None]) -> None:
    with against(other) as sock, soon(), pytest.raises((TimeoutError, HostError)):
        Tree(sock, "there", SOON_S).write("/d", [TreeFile("f", b"x")])


# SSH


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "_ANSWER_DEADLINE_S", SOON_S)
    monkeypatch.setattr(ssh_bounds, "WRITE_WITHIN_S", SOON_S)


@contextmanager
def reached(folder: Path, hostile: Hostile) -> Iterator[ssh.SshHost]:
    with hostile_sshd(folder / "sshd", hostile) as config:
        (folder / "config").write_text(config)
        with connect("there", user=None, config=folder / "config", connect_timeout_s=5) as host:
            yield host


def waits(channel: paramiko.Channel, _: str) -> None:
    while not channel.closed:
        time.sleep(0.02)


@pytest.mark.usefixtures("quick")
def test_a_command_that_is_never_confirmed(tmp_path: Path) -> None:
    with reached(tmp_path, Hostile(shell=waits, confirms=False)) as host, soon(3):
        with pytest.raises(HostError, match=r"no answer in|Timeout opening|not open"):
            host.start("true")
        with pytest.raises(HostError):
            host.put("/d", [TreeFile("f", b"x")])


@pytest.mark.usefixtures("quick")
def test_a_window_that_never_opens(tmp_path: Path) -> None:
    with reached(tmp_path, Hostile(shell=waits)) as host, soon(6), pytest.raises(HostError, match="did not end"):
        host.start("#" * 6_000_000).finish(SOON_S)


def drips_output(channel: paramiko.Channel, _: str) -> None:
    while not channel.closed:
        channel.sendall(b"x")
        channel.sendall_stderr(b"y")
        time.sleep(0.02)


def test_output_that_drips(tmp_path: Path) -> None:
    with reached(tmp_path, Hostile(shell=drips_output)) as host, soon(3), pytest.raises(HostError, match="did not end"):
        host.start("true").finish(SOON_S)


def odd_status(channel: paramiko.Channel, _: str) -> None:
    exits(channel, 2**32 - 1)


def test_an_exit_status_that_is_none(tmp_path: Path) -> None:
    with reached(tmp_path, Hostile(shell=odd_status)) as host:
        assert host.start("true").finish(5).exit in (2**32 - 1, None)


def test_a_server_that_extends_itself(tmp_path: Path) -> None:
    """EXT_INFO with four billion extensions: paramiko would count them all."""

    def extend(channel: paramiko.Channel, _: str) -> None:
        message = paramiko.Message()
        message.add_byte(b"\7")
        message.add_int(2**32 - 1)
        channel.get_transport()._send_message(message)  # type: ignore[attr-defined]
        waits(channel, "")

    with reached(tmp_path, Hostile(shell=extend)) as host, soon(3), pytest.raises(HostError, match="lost"):
        host.start("true").finish(WITHIN_S)


@pytest.mark.parametrize("kind", [b"\x02", b"\x04", b"\x50"], ids=["ignore", "debug", "global request"])
def test_messages_that_mean_nothing(tmp_path: Path, kind: bytes) -> None:
    def flood(channel: paramiko.Channel, _: str) -> None:
        while not channel.closed and channel.get_transport().is_active():
            message = paramiko.Message()
            message.add_byte(kind)
            message.add_string(b"keepalive@openssh.com" if kind == b"\x50" else b"x" * 30000)
            message.add_boolean(kind == b"\x50")
            channel.get_transport()._send_message(message)  # type: ignore[attr-defined]

    with reached(tmp_path, Hostile(shell=flood)) as host, soon(4), pytest.raises(HostError, match=r"did not end|lost"):
        host.start("true").finish(SOON_S)


OWN: dict[str, dict[str, tuple[str, int]]] = {
    "session": {},
    "forwarded-tcpip": {"src_addr": ("a", 1), "dest_addr": ("b", 2)},
    "x11": {"src_addr": ("a", 1)},
    "auth-agent@openssh.com": {},
}


def test_no_channel_of_the_servers_own(tmp_path: Path) -> None:
    """It may not open one to this side, even if it claims that it was asked to forward."""
    refused: list[str] = []

    def opens(channel: paramiko.Channel, _: str) -> None:
        for kind, place in OWN.items():
            try:
                channel.get_transport().open_channel(kind, timeout=2, **place)  # type: ignore[arg-type]
            except paramiko.ChannelException:
                refused.append(kind)
        exits(channel, 0)

    with reached(tmp_path, Hostile(shell=opens)) as host:
        host.start("true").finish(10)
    assert refused == list(OWN)
