"""A Redis server that keeps something of ours: by TLS, and one that is none or has been taken over."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qtctl.adapters.bounds import STORE_EXCHANGE, Deadline
from qtctl.adapters.redis_server import RedisServer, Server, parse_server
from qtctl.errors import HostError, InputError
from tests.adapters import servers
from tests.adapters.test_store_places import sign

HINT = "a password goes into $X"


def connect(server: Server, *, password: str = "", seconds: float = 5) -> RedisServer:
    return RedisServer(server, password, Deadline(seconds), HINT)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("redis://web-1", Server("web-1")),
        ("redis://127.0.0.1:7000/2", Server("127.0.0.1", 7000, db=2)),
        ("rediss://[::1]:7000", Server("::1", 7000, tls=True)),
        ("unix:///run/redis.sock?db=3", Server(path="/run/redis.sock", db=3)),
    ],
)
def test_urls(url: str, server: Server) -> None:
    assert parse_server(url) == server


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(tmp_path, "ca", "basicConstraints=CA:true", by="ca")
    sign(tmp_path, "server", "subjectAltName=IP:127.0.0.1")
    options = {f"tls-{key}-file": str(tmp_path / name) for key, name in (("cert", "server.crt"), ("key", "server.key"))}
    options |= {"tls-ca-cert-file": str(tmp_path / "ca.crt"), "tls-auth-clients": "no", "requirepass": "open-sesame"}
    with servers.redis(tmp_path / "redis", tls=True, options=options) as port:
        with pytest.raises(HostError, match="certificate verify failed"):
            connect(Server("127.0.0.1", port, tls=True))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.crt"))
        server = connect(Server("127.0.0.1", port, tls=True), password="open-sesame")
        assert server.ask("PING") == "PONG"
        server.close()
        with pytest.raises(HostError):
            connect(Server("localhost", port, tls=True))
        with pytest.raises(InputError, match="the password is refused"):
            connect(Server("127.0.0.1", port, tls=True), password="wrong")
        with pytest.raises(HostError):
            connect(Server("127.0.0.1", port))


@contextmanager
def answering(reply: bytes, *, pause_s: float = 0, again: int = 1) -> Iterator[int]:
    """A server that takes what comes, and gives this to everyone `again` times; its port."""

    def serve() -> None:
        try:
            wire, _ = listener.accept()
            with wire:
                wire.recv(65536)
                for _ in range(again):
                    wire.sendall(reply)
                    time.sleep(pause_s)
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
    thread.join(10)


HOSTILE = {
    "a text without end": (b"$536870912\r\n" + b"x" * 65536, STORE_EXCHANGE // 60_000, "more than 8 MiB"),
    "arrays without end": (b"*1000000\r\n" * 1000, 1, None),
    # On a busy machine its time is over first.
    "many values": (b"*2000000000\r\n" + b":1\r\n" * 10_000, STORE_EXCHANGE // 30_000, "more than 8 MiB|no answer in"),
    "no Redis": (b"HTTP/1.1 400 Bad Request\r\n\r\n", 1, None),
    "nothing": (b"", 1, None),
    "a length that is none": (b"$x\r\n", 1, None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_server_that_is_not_redis(name: str) -> None:
    reply, again, words = HOSTILE[name]
    with answering(reply, again=again) as port, pytest.raises(HostError, match=words):
        connect(Server("127.0.0.1", port)).ask("PING")


def test_a_server_that_answers_byte_by_byte_has_one_deadline() -> None:
    began = time.monotonic()
    with answering(b"x", pause_s=0.1, again=50) as port:
        with pytest.raises(HostError, match="no answer in time"):
            connect(Server("127.0.0.1", port), seconds=0.6).ask("PING")
        assert time.monotonic() - began < 3
