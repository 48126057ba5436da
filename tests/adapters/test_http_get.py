"""GET from a host: real servers that behave in all kinds of ways, asked through a real sshd and from this machine."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from qtctl.adapters.http_get import AT_ONCE
from qtctl.adapters.local import LocalHost
from qtctl.adapters.ssh import SshHost, connect
from qtctl.interfaces.host import Host
from qtctl.model.inquiry import HealthQuestion
from qtctl.probes.health import HttpReply
from tests.adapters import servers
from tests.adapters.servers import free_port

Talk = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WITHIN_S = 0.4


@pytest.fixture(params=["ssh", "local"])
def asker(request: pytest.FixtureRequest) -> Iterator[Host]:
    if request.param == "ssh":
        yield request.getfixturevalue("host")
        return
    with LocalHost() as local:
        yield local


def question(port: int, path: str = "/health", address: str = "127.0.0.1", text: str = "ok") -> HealthQuestion:
    return HealthQuestion(f"{address}:{port}{path}", address, port, path, int(WITHIN_S * 1e6), text)


@contextmanager
def serving(talk: Talk, *, backlog: int = 16, family: int = socket.AF_INET) -> Iterator[int]:
    """A server that hands each connection to `talk` once its request has come."""
    with socket.socket(family) as listener:
        listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        listener.listen(backlog)
        threading.Thread(target=_serve, args=(listener, talk), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, talk: Talk) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_talk, args=(connection, talk), daemon=True).start()


def _talk(connection: socket.socket, talk: Talk) -> None:
    with connection:
        try:
            connection.recv(4096)
            talk(connection)
        except OSError:
            return  # the caller had enough


def says(*pieces: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return talk


def endless(first: bytes, piece: bytes, pause_s: float = 0.0) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(piece)
            time.sleep(pause_s)

    return talk


def silent(_: socket.socket) -> None:
    time.sleep(5)


def asked(host: Host, *questions: HealthQuestion) -> list[HttpReply]:
    return host.get(questions).finish(10)


ANSWERS: dict[str, tuple[Talk, int, bytes]] = {
    "plain": (says(OK), 200, b"ok"),
    "byte by byte": (says(*(OK[n : n + 1] for n in range(len(OK)))), 200, b"ok"),
    "not well": (says(b"HTTP/1.0 503 Not now\r\n\r\nok"), 503, b"ok"),
    "a redirect is not followed": (says(b"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.2/\r\n\r\n"), 302, b""),
    "in chunks": (
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n", b"1;x=y\r\nk\r\n0\r\n\r\n"),
        200,
        b"ok",
    ),
    "after an interim response": (says(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", OK), 200, b"ok"),
    "line ends of Unix": (says(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), 200, b"ok"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer(asker: Host, case: str) -> None:
    talk, status, body = ANSWERS[case]
    with serving(talk) as port:
        (reply,) = asked(asker, question(port))
    assert (reply.error, reply.refused, reply.status, reply.body, reply.whole) == ("", "", status, body, True)


NO_ANSWERS: dict[str, tuple[Talk, str]] = {
    "nothing": (silent, "no answer in 0.4 s"),
    "one byte at a time": (endless(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.1), "no answer in 0.4 s"),
    "closed": (says(), "closed the connection without an answer"),
    "half of it": (says(OK[:-1]), "in the middle of an answer"),
    "half of the head": (says(OK[:20]), "in the middle of an answer"),
    "something else": (says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "no HTTP: SSH-2.0"),
    "control characters": (says(b"\x1b]0;x\x07\r\n\r\n"), "no HTTP:"),
    "headers without end": (endless(b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 4000 + b"\r\n"), "no end of headers"),
    "interim responses without end": (endless(b"", b"HTTP/1.1 100 Go on\r\n\r\n"), "interim responses without end"),
    "a chunk without its size": (
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"),
        "a chunk without its size",
    ),
    "chunks that only begin": (
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x" * 100),
        "a chunk without its size",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_ANSWERS)
def test_no_answer(asker: Host, case: str) -> None:
    talk, why = NO_ANSWERS[case]
    began = time.monotonic()
    with serving(talk) as port:
        (reply,) = asked(asker, question(port))
    assert why in reply.error
    assert reply.error.isprintable()
    assert (reply.refused, reply.status) == ("", 0)
    assert time.monotonic() - began < 3 * WITHIN_S + 1


@pytest.mark.parametrize(
    "head", [b"Content-Length: 99999999999\r\n", b"", b"Transfer-Encoding: chunked\r\n"], ids=["long", "open", "chunks"]
)
def test_a_body_without_end_is_read_to_its_bound(asker: Host, head: bytes) -> None:
    piece = b"3e8\r\n" + b"x" * 1000 + b"\r\n" if b"chunked" in head else b"x" * 1000
    with serving(endless(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", piece)) as port:
        (reply,) = asked(asker, question(port))
        (status_only,) = asked(asker, question(port, text=""))
    assert (reply.status, reply.whole, len(reply.body)) == (200, False, 64 * 1024)
    assert (status_only.status, status_only.body) == (200, b"")


def test_what_is_sent(asker: Host) -> None:
    heard: list[bytes] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        gets = asker.get([question(port, "/gesund/ü?x=1 2#no\r\nX: y")])
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(4096))
            connection.sendall(OK)
        assert gets.finish(5)[0].status == 200
    assert heard[0].decode("ascii").split("\r\n") == [
        "GET /gesund/%C3%BC?x=1%202%23no%0D%0AX:%20y HTTP/1.1", f"Host: 127.0.0.1:{port}", "User-Agent: qtctl",
        "Accept: */*", "Accept-Encoding: identity", "Connection: close", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["*", "0.0.0.0", "127.0.0.1%lo"])  # noqa: S104 - asked, not bound
def test_any_address_is_asked_at_loopback(asker: Host, address: str) -> None:
    with serving(says(OK)) as port:
        assert asked(asker, question(port, address=address))[0].status == 200


@pytest.mark.parametrize("address", ["[::]", "[::1]"])
def test_the_other_family(asker: Host, address: str) -> None:
    with serving(says(OK), family=socket.AF_INET6) as port:
        assert asked(asker, question(port, address=address))[0].status == 200


def test_nobody_listens(asker: Host) -> None:
    (reply,) = asked(asker, question(free_port()))
    assert reply.error == "it accepts no connection"


def test_a_queue_that_is_full(asker: Host) -> None:
    """The kernel accepts no further connections for a program that accepts none."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.create_connection(listener.getsockname()) for _ in range(1)]
        (reply,) = asked(asker, question(listener.getsockname()[1]))
        for each in waiting:
            each.close()
    assert reply.error == "no answer in 0.4 s"


def test_a_stopped_program(asker: Host) -> None:
    """The kernel accepts connections for it as before."""
    port = free_port()
    server = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    process = subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while (asked(asker, question(port, "/", text=""))[0]).status != 200:
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGSTOP)
        assert asked(asker, question(port, "/", text=""))[0].error == "no answer in 0.4 s"
        os.kill(process.pid, signal.SIGCONT)
        assert asked(asker, question(port, "/", text=""))[0].status == 200
    finally:
        process.kill()
        process.wait(5)


def test_all_at_the_same_time(asker: Host) -> None:
    with serving(silent) as port:
        began = time.monotonic()
        replies = asked(asker, *(question(port, f"/{n}") for n in range(AT_ONCE)))
        took = time.monotonic() - began
    assert [reply.error for reply in replies] == ["no answer in 0.4 s"] * AT_ONCE
    assert took < 2 * WITHIN_S + 0.5


def test_a_silent_one_costs_the_others_nothing(asker: Host) -> None:
    with serving(silent) as slow, serving(says(OK)) as quick:
        gets = asker.get([*(question(slow, f"/{n}") for n in range(3)), question(quick)])
        replies = gets.finish(0.2)
    assert replies[3].status == 200
    assert {reply.refused for reply in replies[:3]} == {"the time for this audit was up before it answered"}


def test_forwarding_that_is_not_allowed_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        servers.sshd(tmp_path_factory.mktemp("no"), options=["AllowTcpForwarding no"]) as server,
        serving(says(OK)) as port,
        connect("here", user=None, config=server.config()) as host,
    ):
        (reply,) = asked(host, question(port))
        assert reply.error == ""
        assert "forwarding refused" in reply.refused
        assert host.start("echo still here").finish(5).stdout == b"still here\n"


def test_a_connection_that_breaks_is_no_answer_of_the_program(host: SshHost) -> None:
    with serving(silent) as port:
        gets = host.get([question(port)])
        host.close()
        (reply,) = gets.finish(5)
    assert (reply.error, reply.refused) == ("", "the connection to the host was lost")


def test_a_server_that_hangs_is_no_answer_of_the_program(host: SshHost) -> None:
    """As sshd does while PAM waits for a D-Bus that hangs: what it forwards hangs, too."""
    sshd = int(host.start("echo $PPID").finish(5).stdout)
    with serving(says(OK)) as port:
        assert asked(host, question(port))[0].status == 200
        os.kill(sshd, signal.SIGSTOP)
        try:
            replies = asked(host, question(port), question(free_port()))
        finally:
            os.kill(sshd, signal.SIGCONT)
        assert [(reply.error, reply.refused) for reply in replies] == [("", "sshd gave no answer in 2 s")] * 2
        assert asked(host, question(port))[0].status == 200
