"""Redis through a forwarded channel and through a socket, and what reaches the server."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qtctl.adapters.local import LocalHost
from qtctl.adapters.ssh import SshHost, connect
from qtctl.errors import HostError, Refused
from qtctl.interfaces.host import Host, StoreReply
from qtctl.model.secret import Secret
from tests.adapters import servers
from tests.adapters.servers import Sshd, redis_cli

HANGS_S = 2


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with servers.redis(tmp_path_factory.mktemp("redis")) as port:
        redis_cli(port, "XADD", "s", "1-1", "field", "wert ä")
        redis_cli(port, "XGROUP", "CREATE", "s", "g", "0")
        redis_cli(port, "SET", "k", "v")
        yield port


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with servers.redis(tmp_path_factory.mktemp("locked"), options={"requirepass": "open-sesame"}) as port:
        yield port


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The default user may PING and TYPE, nothing else."""
    with servers.redis(tmp_path_factory.mktemp("acl"), acl=["default on nopass ~* -@all +ping +type"]) as port:
        yield port


@pytest.fixture(params=["ssh", "local"])
def either(request: pytest.FixtureRequest) -> Iterator[Host]:
    if request.param == "local":
        with LocalHost() as here:
            yield here
    else:
        yield request.getfixturevalue("host")


def test_answers(either: Host, plain: int) -> None:
    store = either.store("127.0.0.1", plain, None)
    pong, kind, none, stream, info = store.ask(
        [("PING",), ("TYPE", "s"), ("TYPE", "nothing"), ("XRANGE", "s", "-", "+"), ("INFO", "server")], 5
    )
    assert (pong, kind, none) == (StoreReply("PONG"), StoreReply("stream"), StoreReply("none"))
    assert stream.value == [["1-1", ["field", "wert ä"]]]
    assert "redis_version:" in str(info.value)
    groups = store.ask([("XINFO", "GROUPS", "s")], 5)[0].value
    assert isinstance(groups, list)
    assert groups[0][:2] == ["name", "g"]


def test_errors_stand_beside_answers(either: Host, plain: int) -> None:
    replies = either.store("127.0.0.1", plain, None).ask([("XINFO", "STREAM", "none"), ("XLEN", "k"), ("PING",)], 5)
    assert [reply.error.split()[0] if reply.error else "" for reply in replies] == ["ERR", "WRONGTYPE", ""]
    assert replies[0].error == "ERR no such key"


def test_many_commands_in_one_go(either: Host, plain: int) -> None:
    replies = either.store("127.0.0.1", plain, None).ask([("TYPE", f"key{number}" * 20) for number in range(3000)], 20)
    assert {reply.value for reply in replies} == {"none"}


def test_noauth(either: Host, locked: int) -> None:
    reply = either.store("127.0.0.1", locked, None).ask([("PING",)], 5)[0]
    assert reply.error.startswith("NOAUTH")


def test_password(either: Host, locked: int) -> None:
    store = either.store("127.0.0.1", locked, Secret("open-sesame"))
    assert store.ask([("PING",), ("TYPE", "x")], 5) == [StoreReply("PONG"), StoreReply("none")]
    assert store.ask([("PING",)], 5) == [StoreReply("PONG")]


def test_wrong_password(either: Host, locked: int) -> None:
    reply = either.store("127.0.0.1", locked, Secret("never-shown")).ask([("PING",)], 5)[0]
    assert "WRONGPASS" in reply.error
    assert "never-shown" not in reply.error


def test_noperm(either: Host, limited: int) -> None:
    replies = either.store("127.0.0.1", limited, None).ask([("TYPE", "x"), ("XINFO", "STREAM", "x")], 5)
    assert replies[0].error == ""
    assert replies[1].error.startswith("NOPERM")


def test_nothing_listens(either: Host) -> None:
    with pytest.raises(HostError, match="not reached"):
        either.store("127.0.0.1", servers.free_port(), None).ask([("PING",)], 5)


def test_forwarding_refused(tmp_path: Path, plain: int) -> None:
    with (
        servers.sshd(tmp_path, options=["AllowTcpForwarding no"]) as server,
        connect("here", user=None, config=server.config()) as host,
        pytest.raises(Refused, match="forwarding refused"),
    ):
        host.store("127.0.0.1", plain, None).ask([("PING",)], 5)


def test_not_redis(host: SshHost, server: Sshd) -> None:
    with pytest.raises(HostError, match="does Redis listen there") as caught:
        host.store("127.0.0.1", server.port, None).ask([("PING",)], 2)
    assert str(server.port) in caught.value.what


def test_a_server_that_hangs(either: Host, tmp_path: Path) -> None:
    with servers.redis(tmp_path) as port:
        store = either.store("127.0.0.1", port, None)
        store.ask([("PING",)], 5)
        began = time.monotonic()
        redis_cli(port, "CLIENT", "PAUSE", str(HANGS_S * 1000))
        with pytest.raises(HostError, match="no answer in time"):
            store.ask([("PING",)], 0.3)
        assert time.monotonic() - began < HANGS_S
        assert store.ask([("PING",)], 5) == [StoreReply("PONG")]


def test_a_server_that_went_away(either: Host, tmp_path: Path) -> None:
    with servers.redis(tmp_path / "one") as port:
        store = either.store("127.0.0.1", port, None)
        store.ask([("PING",)], 5)
    with pytest.raises(HostError):
        store.ask([("PING",)], 5)


@pytest.mark.parametrize("command", [("SET", "k", "v"), ("set", "k", "v"), ("CONFIG", "GET", "*"), ("EVAL", "x"), ()])
def test_nothing_but_reading_leaves(plain: int, command: tuple[str, ...]) -> None:
    with LocalHost() as here, pytest.raises(ValueError, match="not a reading command"):
        here.store("127.0.0.1", plain, None).ask([command], 5)


def test_what_the_server_sees(either: Host, locked: int, tmp_path: Path) -> None:
    """MONITOR shows the commands that were asked, and none beside them (HELLO, CLIENT SETINFO)."""
    seen = tmp_path / "seen"
    with seen.open("wb") as file:
        watching = subprocess.Popen(
            ["redis-cli", "-p", str(locked), "-a", "open-sesame", "--no-auth-warning", "MONITOR"], stdout=file
        )
        wait_for(lambda: b"OK" in seen.read_bytes())
        either.store("127.0.0.1", locked, Secret("open-sesame")).ask([("PING",), ("XLEN", "s"), ("TYPE", "last")], 5)
        wait_for(lambda: b'"last"' in seen.read_bytes())
        watching.terminate()
        watching.wait(5)
    words = [line.split('"')[1].upper() for line in seen.read_text().splitlines() if '"' in line]
    assert [word for word in words if word != "AUTH"] == ["PING", "XLEN", "TYPE"]


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)
