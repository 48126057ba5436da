"""Laws of what a host sends: D-Bus messages, Redis replies, and what its shell prints."""

import json
import struct
from collections.abc import Iterable

import pytest
from redis._parsers import _RESP2Parser
from redis.exceptions import RedisError, ResponseError

from qtctl.adapters import dbus_quick
from qtctl.adapters.bounds import BUS_MESSAGE
from qtctl.adapters.store_connection import ErrorReply, Reader
from qtctl.adapters.store_replies import Broken, Scanner
from qtctl.model.evidence import Need, State
from qtctl.probes import accounts, baseline, files, hosts_file, listeners, stores, venvs
from qtctl.probes.answer import Answer
from qtctl.probes.batch import Probe, split_frames
from tests.collect.small import store
from tests.fuzz.target import Target
from tests.probes.test_baseline import SAID
from tests.probes.test_listeners import RECORDED
from tests.security.hostile_sshd import returned, signal

MOST_VALUES = 5000


def bus(data: bytes) -> None:
    """Messages are taken off a stream as they end; each is read, or refused by its header or by its body."""
    at = 0
    while True:
        try:
            size = dbus_quick.read_length(data, at)
        except ValueError:
            return
        assert not size or dbus_quick.HEAD.size <= size <= BUS_MESSAGE + 32
        if not size or at + size > len(data):
            return
        _message(data[at : at + size])
        at += size


def _message(raw: bytes) -> None:
    try:
        message = dbus_quick.decode(raw, MOST_VALUES)
    except ValueError:
        return
    assert message.unread == "" or message.body == ()
    assert message.serial >= 0
    assert message.values <= MOST_VALUES or message.unread
    assert sum(1 for _ in _leaves(message.body)) <= 2 * MOST_VALUES + len(raw)


def _leaves(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if not isinstance(value, list | tuple):
        yield value
        return
    for each in value:
        yield from _leaves(each)


def bus_seeds() -> list[bytes]:
    text = struct.pack("<I", 3) + b"abc\0"
    variants = returned(2, "v", b"\1s\0\0" + text) + returned(3, "v", b"\2as\0" + struct.pack("<I", 8) + text)
    rows = struct.pack("<II", 24, 0) + text + text + text
    return [
        returned(1, "s", text), variants, returned(4, "a(ss)", rows), returned(5, "a{sv}", struct.pack("<I", 0)),
        signal(bytes(8)) * 3, returned(6, "a()", struct.pack("<I", 8) + bytes(12)), returned(7, "ay", bytes(4)),
        returned(8, "v", b"\1v\0" * 70), returned(9, f"a({'(' * 20}y{')' * 21}", b"\x40" + bytes(71)),
    ]  # fmt: skip


def replies(data: bytes) -> None:
    """The same is kept however the bytes arrive, redis-py reads the same in it, and nothing deeper than asked for."""
    depths = [1, 2, 4]
    whole, kept = _scanned(data, depths, len(data) or 1)
    for size in (1, 7):
        parted, same = _scanned(data, depths, size)
        assert (parted, same) == (whole, kept)
    if whole is None:
        _read_by_redis(kept, depths)


def _scanned(data: bytes, depths: list[int], size: int) -> tuple[str | None, bytes]:
    scanner, kept = Scanner(depths), b""
    try:
        for at in range(0, len(data), size):
            kept += scanner.feed(data[at : at + size])
        scanner.check()
    except Broken as error:
        return str(error), kept
    return None, kept


class _Bytes:
    """A socket that holds bytes, and then ends."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def recv(self, size: int) -> bytes:
        data, self._data = self._data[:size], self._data[size:]
        return data

    def settimeout(self, timeout: object) -> None:
        pass


class WholeErrors(_RESP2Parser):  # type: ignore[misc, unused-ignore]
    """Leaves error texts whole: redis-py cuts off the code (NOAUTH, NOPERM) that tells what they mean."""

    EXCEPTION_CLASSES: dict[str, object] = {}  # noqa: RUF012


class _Connection:
    socket_timeout = None

    class encoder:  # noqa: N801 - redis-py's name for it
        @staticmethod
        def decode(value: object) -> object:
            return value

    def __init__(self, data: bytes) -> None:
        self._sock = _Bytes(data)


def _read_by_redis(kept: bytes, depths: list[int]) -> None:
    """Our reader reads what redis-py reads, at whatever size the bytes arrive."""
    parser = WholeErrors(65536)  # type: ignore[no-untyped-call, unused-ignore]
    parser.on_connect(_Connection(kept))  # type: ignore[no-untyped-call, unused-ignore]
    parts = iter([kept[:3], kept[3:]] if kept[3:] else [kept])
    ours = Reader(lambda: next(parts, b""))
    for deepest in depths:
        try:
            value = parser.read_response(disable_decoding=True)
        except RedisError:
            with pytest.raises(Broken):
                ours.read()
            return
        assert _depth(value) <= deepest
        assert ours.read() == _decoded(value)


def _decoded(value: object) -> object:
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return ErrorReply(str(value)) if isinstance(value, ResponseError) else value


def _depth(value: object) -> int:
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


ENTRY = b"*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"


def reply_seeds() -> list[bytes]:
    stream = b"*4\r\n$6\r\nlength\r\n:1\r\n$11\r\nfirst-entry\r\n" + ENTRY
    groups = b"*1\r\n*4\r\n$4\r\nname\r\n$1\r\ng\r\n$3\r\nlag\r\n$-1\r\n"
    return [
        stream + groups + b"$4\r\nINFO\r\n",
        b"-ERR no such key\r\n+none\r\n:7\r\n",
        stream * 3,
        b"*0\r\n*-1\r\n$0\r\n\r\n",
    ]


MARKER = "0123456789abcdef0123"
NEEDS = {
    name: [Need(name, subject) for subject in subjects]
    for name, subjects in (
        ("listeners", ("tcp", "udp")), ("file", ("/a", "/b")), ("venv", ("/v", "/w")), ("account", ("a", "1")),
        ("group", ("g",)), ("hosts", ("/etc/hosts",)),
    )
}  # fmt: skip


def probes() -> list[tuple[Probe, list[Need]]]:
    return [
        (baseline.probe(), [baseline.NEED]),
        (listeners.probe(NEEDS["listeners"]), NEEDS["listeners"]),
        (files.probe(NEEDS["file"]), NEEDS["file"]),
        (venvs.probe(NEEDS["venv"]), NEEDS["venv"]),
        (accounts.probe(NEEDS["account"], NEEDS["group"]), [*NEEDS["account"], *NEEDS["group"]]),
        (hosts_file.probe(NEEDS["hosts"], "small", ("db",)), NEEDS["hosts"]),
    ]


def shell(data: bytes) -> None:
    """Whatever stands in the frames, each need has one answer, which can be written; none if it has no frame."""
    marked = data.replace(b"MARK", MARKER.encode())
    for probe, needs in probes():
        found = split_frames(len(probe.commands), MARKER, marked, marked)
        assert len(found) == len(probe.commands)
        _answers(probe.parse(found), needs)


def _answers(answers: list[Answer], needs: list[Need]) -> None:
    assert sorted(str(answer.need) for answer in answers) == sorted(map(str, needs))
    for answer in answers:
        assert (answer.value is not None) == (answer.state is State.OBSERVED)
        assert answer.reason is None or len(answer.reason) <= 1001
        json.dumps([answer.reason, answer.line, str(answer.value)]).encode()


def in_frames(*outputs: bytes) -> bytes:
    parts = [b"\nMARK begin 0 1.00\n"]
    parts += [out + b"\nMARK %d 0 %d.50\n" % (number, number + 1) for number, out in enumerate(outputs)]
    return b"".join(parts)


def shell_seeds() -> list[bytes]:
    said = "\n".join(f"{name}{' ' if name == 'systemd' else '='}{text}" for name, text in SAID.items()).encode()
    row = b"/a\0f\x00644\0root\0root\x003\x001.5\0\0"
    passwd = b"a:x:1:1:A:/home/a:/bin/sh\ng:x:5:a,b"
    lines = [line.encode() for line in RECORDED.split("\n")[:3]]
    venv = b"/usr/bin/python3\n\nran\t0\t/usr/bin/python3\t3.11\nat\tf\t0\t0\t755\troot\troot\t/usr/bin/python3"
    block = b"127.0.0.1 localhost db\n# BEGIN qtctl small: x\n::1 db\n# END qtctl small"
    files_, sockets = in_frames(row, b"", b"/a"), in_frames(b"\n".join(lines))
    return [in_frames(said), sockets, files_, in_frames(passwd, b"g:x:5:a"), in_frames(block), in_frames(venv)]


def redis(data: bytes) -> None:
    """Whatever shape a reply has, its need has an answer."""
    try:
        value = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        value = data.decode("utf-8", "replace")
    for need in (
        Need("store", "main"),
        Need("key", "k", "main"),
        Need("stream", "k", "main"),
        Need("stream.group", "k/g", "main"),
    ):
        _answers(stores.probe([need], store(1)).parse([_Reply(value)]), [need])


class _Reply:
    error = ""

    def __init__(self, value: object) -> None:
        self.value = value


REDIS_SEEDS = (
    b'["length",3,"last-generated-id","1-0","groups",1]',
    b'[["name","g","consumers",1,"pending",2,"last-delivered-id","5-0","lag",null]]',
    b'"redis_version:7.0.15\\r\\nuptime_in_seconds:42\\r\\nused_memory:1024\\r\\n"',
    b'"stream"',
)

NUMBERS = ("0", "-1", "1", "2147483647", "4294967295", str(2**64 - 1), "9" * 30, "nan", "inf", "1e999", "²", "٣")
BYTES = ("\0", "\1", "\2", "\3", "\4", "\x08", "\0\0\0\0", "\udcff\udcff\udcff\udcff", "\udcff\udcff\udcff\x7f")
TYPES = ("\1v\0", "\1s\0", "\2as\0", "a()", "a{sv}", "(", ")", "a", "v", "{", "}", "\5\1u\0", "\x08\1g\0", "abc\0")
SIGNS = ("\r\n", "*", "$", ":", "+", "-", "%", ">", "*1\r\n", "$-1\r\n")
FRAMES = ("\nMARK 0 0 1.5\n", "\nMARK 1 127 2\n", "\nMARK begin 0 1\n")
PRINTED = ("uptime=", "load=", "cpus=0-", "tcp LISTEN 0 5 999.0.0.1:80 *:*", "[::]", "%lo", "\u2028", "\x85", "\x1b[2J")
SHAPES = ("[", "]", '"', ",", "null", "{}", "length", "groups", "name", "lag")
BUS = Target("bus", bus, bus_seeds, ("l", "B", *BYTES, *TYPES))
REPLIES = Target("replies", replies, reply_seeds, (*SIGNS, *NUMBERS))
SHELL = Target("shell", shell, shell_seeds, (*FRAMES, "\0", "\n", "\t", "=", ":", *PRINTED, *NUMBERS))
REDIS = Target("redis", redis, lambda: REDIS_SEEDS, (*SHAPES, *NUMBERS))
