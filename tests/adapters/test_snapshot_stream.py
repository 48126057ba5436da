"""Snapshots in a Redis stream: a real server, with what people and other programs do to it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.adapters.snapshot_stream import PREFIX, SnapshotStream
from qtctl.errors import HostError, InputError
from tests.adapters import servers
from tests.adapters.test_snapshot_folder import broken, build_next
from tests.history.year import HOST

KEY = f"{PREFIX}{HOST}"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with servers.redis(tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture
def store(port: int) -> SnapshotStream:
    say(port, "FLUSHALL")
    found = SnapshotStream(f"redis://127.0.0.1:{port}/0", {})
    for _ in range(4):
        found.append(HOST, build_next())
    return found


def say(port: int, *words: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as wire:
        wire.sendall(
            b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w.encode()), w.encode()) for w in words)
        )
        return wire.recv(65536)


def test_what_was_stored_is_there(store: SnapshotStream) -> None:
    assert store.list_hosts() == (HOST,)
    chain = store.read(HOST)
    assert [each.where for each in chain.stored] == [f"{KEY} {number}-0" for number in (1, 2, 3, 4)]
    assert not broken(store)
    assert store.read("other").stored == ()


def test_one_that_is_deleted_is_found_also_the_newest(store: SnapshotStream, port: int) -> None:
    for number in (2, 4):
        say(port, "XDEL", KEY, f"{number}-0")
        assert broken(store)
    assert broken(store)[-1] == "it lists number 4, which is missing"


def test_after_the_newest_was_deleted_nothing_takes_its_number(store: SnapshotStream, port: int) -> None:
    say(port, "XDEL", KEY, "4-0")
    with pytest.raises(InputError, match=r"number 4 (was refused|is not accepted)"):
        store.append(HOST, build_next())


def test_an_entry_that_is_no_snapshot_and_a_changed_one(store: SnapshotStream, port: int) -> None:
    say(port, "XADD", KEY, "5-0", "document", "%%%", "signature", "")
    assert "not a snapshot of qtctl" in broken(store)
    say(port, "XADD", KEY, "6-0", "something", "else")
    assert broken(store).count("not a snapshot of qtctl") == 2


def test_retention_keeps_the_newest_and_the_chain_holds(store: SnapshotStream) -> None:
    assert store.prune(HOST, 3) == ("1-0",)
    assert store.prune(HOST, 3) == ()
    assert not broken(store)
    store.append(HOST, build_next())
    assert store.prune(HOST, 1) == ("2-0", "3-0", "4-0")
    assert not broken(store)


def test_many_are_read_in_parts(store: SnapshotStream) -> None:
    for _ in range(9):
        store.append(HOST, build_next())
    assert len(store.read(HOST).stored) == 13
    assert [each for each in broken(store) if "clock" not in each and "taken" not in each] == []


def test_a_key_that_is_another_programs(store: SnapshotStream, port: int) -> None:
    say(port, "SET", f"{PREFIX}other", "x")
    with pytest.raises(InputError, match="is a string, not a stream"):
        store.read("other")


def test_nobody_listens_and_somebody_else_does(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="Connection refused"):
        SnapshotStream(f"redis://127.0.0.1:{servers.free_port()}", {}).list_hosts()
    with pytest.raises(HostError, match="No such file"):
        SnapshotStream(f"unix://{tmp_path}/none.sock", {}).list_hosts()


def test_a_password_is_taken_from_the_environment_alone(port: int) -> None:
    with pytest.raises(InputError, match=r"a password in it") as caught:
        SnapshotStream("redis://:hunter2@127.0.0.1:1/0", {})
    assert "hunter2" not in str(caught.value)
    say(port, "CONFIG", "SET", "requirepass", "hunter2")
    try:
        url = f"redis://127.0.0.1:{port}/0"
        assert SnapshotStream(url, {"QTCTL_SNAPSHOT_PASSWORD": "hunter2"}).list_hosts() is not None
        with pytest.raises(InputError, match="the password is refused") as caught:
            SnapshotStream(url, {"QTCTL_SNAPSHOT_PASSWORD": "wrong-one"}).list_hosts()
        assert "wrong-one" not in str(caught.value)
        with pytest.raises(InputError, match="Authentication required"):
            SnapshotStream(url, {}).list_hosts()
    finally:
        for words in (("AUTH", "hunter2"),):
            with socket.create_connection(("127.0.0.1", port), 5) as wire:
                wire.sendall(b'AUTH %b\r\nCONFIG SET requirepass ""\r\n' % words[1].encode())
                wire.recv(1000)


@pytest.mark.parametrize("url", ["redis://h:x/0", "redis://h/many", "unix:///p?db=x"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(InputError, match="not a Redis URL"):
        SnapshotStream(url, {})


def test_one_is_picked_without_reading_the_others(store: SnapshotStream) -> None:
    latest, second = store.pick(HOST, "latest"), store.pick(HOST, "2")
    assert latest is not None
    assert second is not None
    assert (latest.where, second.where) == (f"{KEY} 4-0", f"{KEY} 2-0")
    assert store.pick(HOST, "9") is None
    assert store.pick(HOST, "2026-01") is None, "only reading them all tells"
