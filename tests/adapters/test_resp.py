"""RESP2: whatever a reply is made of and however it is cut, it is read whole, and as redis-py reads it."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from qtctl.adapters.resp import DEEPEST, Broken, Connection, RedisError, pack, parse
from tests.adapters import servers

VALUE = st.recursive(
    st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.text(st.characters(exclude_categories=["Cs"]))),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=10,
)


def written(value: object) -> bytes:
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, str):
        raw = value.encode()
        return b"$%d\r\n%s\r\n" % (len(raw), raw)
    assert isinstance(value, list)
    return b"*%d\r\n" % len(value) + b"".join(map(written, value))


@given(VALUE, st.data())
def test_a_reply_is_read_whole_or_not_yet(value: object, data: st.DataObject) -> None:
    raw = written(value)
    assert parse(raw + b"+next", 0) == (value, len(raw))
    assert parse(raw[: data.draw(st.integers(0, len(raw) - 1))], 0) is None


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_a_command_is_an_array_of_its_words(words: list[str]) -> None:
    assert parse(pack(words), 0) == (words, len(pack(words)))


@given(st.binary(max_size=60))
def test_anything_else_is_an_error_or_incomplete(raw: bytes) -> None:
    try:
        parse(raw, 0)
    except ValueError:
        return


@pytest.mark.parametrize(
    "raw", [b"SSH-2.0-OpenSSH\r\n", b"HTTP", b"*-2\r\n", b"$9999999999\r\n", b":x\r\n", b"*1\r\n" * (DEEPEST + 1)]
)
def test_what_is_not_redis(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"Protocol|invalid literal"):
        parse(raw, 0)


def test_words() -> None:
    assert parse(b"+OK\r\n", 0) == ("OK", 5)
    found = parse(b"-NOAUTH Authentication required.\r\n", 0)
    assert found is not None
    assert isinstance(found[0], RedisError)
    assert parse(b"$2\r\n\xff\xfe\r\n", 0) == ("\\xff\\xfe", 8)


def test_a_connection_that_ends_early() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"+PONG\r\n$5\r\nhal")
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(Broken, match="closed"):
            Connection(ours).exchange([("PING",), ("GET", "x")], time.monotonic() + 5)


def test_the_same_answers_as_redis_py(tmp_path: Path) -> None:
    with servers.redis(tmp_path) as port:
        servers.redis_cli(port, "XADD", "s", "1-1", "field", "wert ä")
        servers.redis_cli(port, "XGROUP", "CREATE", "s", "g", "0")
        commands = [("TYPE", "s"), ("XINFO", "STREAM", "s"), ("XINFO", "GROUPS", "s"), ("XRANGE", "s", "-", "+")]
        theirs: Any = redis.Redis(port=port, decode_responses=True, protocol=2)
        with socket.create_connection(("127.0.0.1", port)) as sock:
            replies = Connection(sock).exchange(commands, time.monotonic() + 5)
        theirs.response_callbacks.clear()
        assert [reply.value for reply in replies] == [theirs.execute_command(*command) for command in commands]
        theirs.close()
