"""What journalctl prints as JSON, in any pieces and from a host that lies; and what it is asked."""

import gzip
import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.model.log_line import NO_OFFSET, ClockOffset, LogLine, LogRequest
from qtctl.probes.journal_lines import LONGEST_LINE, LineReader, Unpacker, make_script, say_range

UNITS = {"small-api.service": "api", "small-feed.service": "feed"}
SECOND = 1_000_000


def entry(**fields: object) -> bytes:
    known = {"__REALTIME_TIMESTAMP": str(100 * SECOND), "__CURSOR": "s=1;i=2", "_SYSTEMD_UNIT": "small-api.service"}
    return json.dumps({**known, "MESSAGE": "hello", "PRIORITY": "6", "_PID": "12", **fields}).encode() + b"\n"


def read(*pieces: bytes, clock: ClockOffset = NO_OFFSET) -> tuple[list[LogLine], LineReader]:
    reader = LineReader("box", UNITS, clock)
    return [line for piece in pieces for line in reader.read(piece)], reader


def test_a_line() -> None:
    (line,), reader = read(entry(), b"exit 0\n", clock=ClockOffset(-40 * SECOND, 5))
    assert line == LogLine(
        140 * SECOND, "box", "small-api.service", "api", "hello", 100 * SECOND, priority=6, pid=12, cursor=""
    )
    assert (reader.exit, reader.complaint, reader.left_out) == (0, "", 0)


@pytest.mark.parametrize(
    ("fields", "service"),
    [
        ({"_SYSTEMD_UNIT": "init.scope", "UNIT": "small-feed.service"}, "feed"),
        ({"_SYSTEMD_UNIT": "systemd-coredump@0.service", "COREDUMP_UNIT": "small-api.service"}, "api"),
        ({"_SYSTEMD_UNIT": ["small-api.service", "x"], "UNIT": "small-api.service"}, "api"),
        ({"_SYSTEMD_UNIT": "other.service"}, "other.service"),
        ({"_SYSTEMD_UNIT": "x.scope", "OBJECT_SYSTEMD_UNIT": ["other.service", "small-feed.service"]}, "feed"),
        ({"_SYSTEMD_UNIT": None}, ""),
        ({"_SYSTEMD_UNIT": [1, None, {}]}, ""),
    ],
)
def test_whose_line_it_is(fields: dict[str, object], service: str) -> None:
    (line,), _ = read(entry(**fields))
    assert line.service == service


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (list(b"bytes \x1b[2J \xff"), "bytes \x1b[2J \ufffd"),
        (["one", list(b"two")], "one two"),
        (None, ""),
        ([300, -1], ""),
        ({"a": 1}, ""),
    ],
)
def test_a_message(value: object, text: str) -> None:
    (line,), _ = read(entry(MESSAGE=value))
    assert line.message == text


@pytest.mark.parametrize(
    "raw",
    [
        b"{\n",
        b"{}\n",
        b'{"__REALTIME_TIMESTAMP": "x"}\n',
        b'{"__REALTIME_TIMESTAMP": {}}\n',
        b"{" + b"[" * 9999 + b"\n",
    ],
)
def test_what_is_no_line_is_counted(raw: bytes) -> None:
    lines, reader = read(entry(), raw, entry())
    assert (len(lines), reader.left_out) == (2, 1)


def test_a_line_that_never_ends_takes_no_memory() -> None:
    piece = b'{"MESSAGE": "' + b"x" * LONGEST_LINE
    lines, reader = read(entry(), *[piece] * 20, b'"}\n', entry())
    assert (len(lines), reader.left_out) == (2, 1)
    assert len(reader._rest) == 0


def test_what_journalctl_says_besides() -> None:
    _, reader = read(b"Failed to add match: Invalid argument\nmore\nexit 1\n")
    assert (reader.exit, reader.complaint) == (1, "Failed to add match: Invalid argument")


@given(st.lists(st.text(max_size=20), max_size=5), st.lists(st.integers(1, 200), max_size=20))
def test_pieces_do_not_matter(messages: list[str], cuts: list[int]) -> None:
    raw = b"".join(entry(MESSAGE=text) for text in messages)
    pieces = [raw[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(raw)], strict=True)]
    lines, _ = read(*pieces)
    # JSON of Python has escapes for half a pair, which no journal holds.
    assert [line.message for line in lines] == messages


def test_fields_of_another_type_cost_nothing_else() -> None:
    """journalctl prints a list if an entry has a field several times."""
    (line,), _ = read(entry(_PID=["1", "2"], PRIORITY=["6"], _SYSTEMD_UNIT=["a.service", "b.service"]))
    assert (line.message, line.pid, line.priority) == ("hello", None, None)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_anything_at_all(pieces: list[bytes]) -> None:
    lines, _ = read(*pieces)
    assert all(isinstance(line, LogLine) for line in lines)


def test_gzip_unpacks_only_as_much_as_is_read() -> None:
    packed = gzip.compress(b"a" * 10_000)
    assert Unpacker(10_000).unpack(packed) == b"a" * 10_000
    for bad in (gzip.compress(b"a" * 10_001), b"not gzip at all"):
        with pytest.raises(ValueError, match=r"more than is read|incorrect header"):
            Unpacker(10_000).unpack(bad)


def test_what_is_asked_is_quoted() -> None:
    pattern = 'a\' $(touch /tmp/x) `b` "c" \\d'
    script = make_script({"a@b\\x2d.service": "a"}, LogRequest(priority=3, grep=pattern, lines=7))
    called = next(line for line in script.split("\n") if line.startswith("attend_logs "))
    assert shlex.split(called)[3:] == [
        "--output=json", "--output-fields=MESSAGE,PRIORITY,_PID,_SYSTEMD_UNIT,UNIT,OBJECT_SYSTEMD_UNIT,COREDUMP_UNIT",
        "--all", "--quiet", "--no-pager", "--unit=a@b\\x2d.service", "--priority=3", f"--grep={pattern}", "--lines=7",
        "--reverse",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "clock", "after", "said"),
    [
        (LogRequest(), ClockOffset(9, 9), "", "go - -\n"),
        (LogRequest(since=100_000_001), NO_OFFSET, "", "go 100.000001 -\n"),
        (
            LogRequest(since=100 * SECOND, until=200 * SECOND),
            ClockOffset(-40 * SECOND, 1),
            "",
            "go 60.000000 160.000000\n",
        ),
        (LogRequest(since=0), ClockOffset(-5, 1), "", "go 0.000000 -\n"),
        (LogRequest(since=0), NO_OFFSET, "s=0a;i=1", "after s=0a;i=1\n"),
        (LogRequest(), NO_OFFSET, "s=1\ngo - -", "go - -\n"),
    ],
)
def test_from_when_to_when(request_: LogRequest, clock: ClockOffset, after: str, said: str) -> None:
    """By the clock of the host: what it stamped is compared with what it is asked."""
    assert say_range(request_, clock, after) == said
