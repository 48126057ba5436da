"""The stand-in program, as a program: against sockets of this machine."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.lab import standin

PROGRAM = Path(standin.__file__)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0::/system.slice/quantum-ai-engine.service\n", "quantum-ai-engine.service"),
        ("1:name=systemd:/system.slice/a.service\n0::/system.slice/a.service\n", "a.service"),
        ("0::/system.slice/a.service/worker\n", "a.service"),
        ("0::/user.slice/user-0.slice/session-1.scope\n", ""),
        ("", ""),
    ],
)
def test_its_unit_is_named_by_its_cgroup(text: str, unit: str) -> None:
    assert standin.find_unit(text) == unit


@pytest.mark.parametrize(
    ("listen", "argv", "expected"),
    [
        ([], ["m:app", "--port", "81"], [["127.0.0.1", 81, "", 200]]),
        ([["*", 80, "/h", 200]], ["--host", "::", "--port", "80"], [["*", 80, "/h", 200]]),
        ([["[::]", 80, "/h", 200]], ["--host", "::", "--port", "80"], [["[::]", 80, "/h", 200]]),
        ([["127.0.0.1", 80, "/h", 204]], ["--host", "::1", "--port", "81"], [["::1", 81, "/h", 204]]),
        (
            [["a", 1, "", 200], ["b", 2, "", 200]],
            ["--host", "a", "--port", "9"],
            [["a", 9, "", 200], ["b", 2, "", 200]],
        ),
    ],
)
def test_uvicorn_listens_where_its_command_line_says(
    listen: list[object], argv: list[str], expected: list[object]
) -> None:
    assert standin.read_listeners(listen, argv) == expected


@given(st.lists(st.lists(st.text(), min_size=1), max_size=5))
def test_redis_gets_whole_commands(commands: list[list[str]]) -> None:
    """Redis's own array form of a command is also its form of a reply: what is written is read back."""
    here, there = socket.socketpair()
    with here, there:
        redis = standin.Redis.__new__(standin.Redis)
        redis.socket, redis.file = there, there.makefile("rb")
        here.sendall(b"".join(standin.encode(tuple(command)) for command in commands))
        here.shutdown(socket.SHUT_WR)
        assert [redis.reply() for _ in commands] == commands
        redis.file.close()


def test_every_kind_of_reply() -> None:
    here, there = socket.socketpair()
    with here, there:
        redis = standin.Redis.__new__(standin.Redis)
        redis.socket, redis.file = there, there.makefile("rb")
        here.sendall(b"+OK\r\n:-3\r\n$-1\r\n*-1\r\n*0\r\n-NOGROUP no\r\n*2\r\n:1\r\n*1\r\n$1\r\na\r\n")
        here.shutdown(socket.SHUT_WR)
        replies = [redis.reply() for _ in range(5)]
        assert replies == ["OK", -3, None, None, []]
        assert str(redis.reply()) == "NOGROUP no"
        assert redis.reply() == [1, ["a"]]
        with pytest.raises(ConnectionError):
            redis.reply()
        redis.file.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
import standin
standin.SPECS, standin.OVERRIDES = {specs!r}, {overrides!r}
standin.find_unit = lambda text: "x.service"
standin.main(sys.argv[1:])
"""


class Program:
    """The stand-in, playing x.service with a specification of the test's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None

    def start(self, spec: dict[str, object], override: dict[str, object] | None = None) -> "subprocess.Popen[str]":
        specs, overrides = self.folder / "specs.json", self.folder / "override.json"
        specs.write_text(json.dumps({"x.service": spec}))
        overrides.write_text(json.dumps({"x.service": override or {}}))
        script = SCRIPT.format(folder=str(PROGRAM.parent), specs=str(specs), overrides=str(overrides))
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-c", script], stderr=subprocess.PIPE, text=True, env={**os.environ, **self.notify()}
        )
        return self.process

    def notify(self) -> dict[str, str]:
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.channel.settimeout(10)
        path = self.folder / "notify"
        path.unlink(missing_ok=True)
        self.channel.bind(str(path))
        return {"NOTIFY_SOCKET": str(path)}

    def ready(self) -> None:
        assert self.channel.recv(100) == b"READY=1"

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stderr:
                self.process.stderr.close()
            self.channel.close()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    yield made
    made.end()


def _get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def test_it_answers_its_health_url_and_no_other(program: Program) -> None:
    port = _free_port()
    program.start({"listen": [["127.0.0.1", port, "/health", 200]]})
    program.ready()
    assert (_get(port, "/health?x=1"), _get(port, "/other")) == (200, 404)


def test_sigterm_ends_it_at_once(program: Program) -> None:
    process = program.start({})
    program.ready()
    process.terminate()
    assert process.wait(1) == -signal.SIGTERM


def test_a_taken_port_ends_it(program: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = program.start({"listen": [["127.0.0.1", port, "", 200]]})
        assert process.wait(10) == 1
    assert process.stderr is not None
    assert process.stderr.read() == f"127.0.0.1:{port}: Address already in use\n"


def test_faults_can_be_inflicted(program: Program) -> None:
    assert program.start({}, {"exit": 3}).wait(10) == 3
    program.end()
    here, there = _free_port(), _free_port()
    program.start({"listen": [["127.0.0.1", here, "/h", 200]]}, {"listen": [["127.0.0.1", there, "/h", 503]]})
    program.ready()
    assert _get(there, "/h") == 503
    with pytest.raises(ConnectionRefusedError):
        _get(here, "/h")


def test_without_redis_it_listens_and_waits(program: Program) -> None:
    port = _free_port()
    spec = {"listen": [["127.0.0.1", port, "/h", 200]], "publishes": ["s"], "redis": ["127.0.0.1", _free_port()]}
    process = program.start(spec)
    program.ready()
    assert _get(port, "/h") == 200
    assert process.poll() is None


def test_a_oneshot_with_nothing_to_write_just_ends(program: Program) -> None:
    assert program.start({"oneshot": True}).wait(10) == 0
