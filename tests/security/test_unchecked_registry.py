"""Nothing from a registry that has not been checked starts a process or a connection.

The trap: an `ssh` first on PATH, which leaves a mark and becomes the real one, and a port on which someone listens.
"""

import os
import shutil
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.errors import InputErrors
from qtctl.registry.load import load
from tests.builders.registry import SMALL
from tests.cli.world import Ran, build, qtctl
from tests.dialects.test_endpoints import INJECTIONS, NO_ACCOUNTS, NO_ADDRESSES

EVIL = "qtaudit\u2028proxycommand touch {mark}"
"""What `ssh -G -l` repeats on a line of its own, for a reader that takes U+2028 for the end of a line."""
SEPARATORS = ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\n", "\r"]


@dataclass(frozen=True)
class Trap:
    desk: Path
    port: int
    callers: list[object]

    @property
    def mark(self) -> Path:
        return self.desk / "started"

    @property
    def connected(self) -> bool:
        return bool(self.callers)

    def hosts(self, **values: str) -> None:
        given = {"address": '"127.0.0.1"', "ssh_port": str(self.port), **values}
        table = SMALL["hosts.toml"]
        for key, value in given.items():
            kept = [line for line in table.splitlines() if not line.startswith(f"{key} =")]
            table = "\n".join([*kept, f"{key} = {value}", ""])
        (self.desk / "registry" / "hosts.toml").write_text(table)

    def run(self, *argv: str) -> Ran:
        path = f"{self.desk / 'bin'}:{os.environ['PATH']}"
        return qtctl(self.desk, *argv, env={"PATH": path, "QTCTL_KEEP": "off"})


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    build(tmp_path)
    real = shutil.which("ssh")
    assert real, "tests/run installs openssh-client"
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "ssh"
    fake.write_text(f'#!/bin/sh\ntouch {tmp_path}/started\nexec {real} "$@"\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        trap = Trap(tmp_path, listener.getsockname()[1], [])
        threading.Thread(target=_hang_up, args=(listener, trap.callers), daemon=True).start()
        trap.hosts()
        yield trap
        listener.shutdown(socket.SHUT_RDWR)


def _hang_up(listener: socket.socket, callers: list[object]) -> None:
    """On whoever calls."""
    with suppress(OSError):
        while True:
            caller, address = listener.accept()
            callers.append(address)
            caller.close()


LIVE = '[gate]\nlint = true\naudit = "live"\nparity = ["docker-compose.yml"]\nnew_since = "before"\n'


def test_a_gate_asks_hosts_only_where_its_caller_allows_it(trap: Trap) -> None:
    """A registry without an error is not yet one that someone has reviewed."""
    (trap.desk / "registry" / "policy.toml").write_text(LIVE)
    with untouched(trap):
        ran = trap.run("gate")
    assert ran.code == 3, ran.err
    assert ran.out.count("it asks hosts, which was not allowed") == 3
    assert trap.run("gate", "--live").code == 3
    assert trap.mark.exists()
    assert trap.connected


@contextmanager
def untouched(trap: Trap) -> Iterator[None]:
    yield
    assert not trap.mark.exists(), "ssh was started"
    assert not trap.connected, "somebody connected"


@pytest.mark.parametrize("argv", [("--host", "box"), ("--host", "box,box"), ("--all-hosts",)])
def test_the_trap_springs_where_the_registry_is_right(trap: Trap, argv: tuple[str, ...]) -> None:
    ran = trap.run("audit", *argv)
    assert ran.code == 3, ran.err
    assert trap.mark.exists()
    assert trap.connected


@pytest.mark.parametrize(
    "line",
    [
        "audit --host box",
        "audit --host lab1",
        "audit --host box,lab1",
        "audit --host bo*",
        "audit --all-hosts",
        "report registry --host box",
        "gate --live",
        "gate --live --user root --become",
        "deploy --host box --yes",
        "parity --host box --compose docker-compose.yml",
    ],
)
def test_a_registry_with_an_error_anywhere(trap: Trap, line: str) -> None:
    (trap.desk / "registry" / "services" / "feed.toml").write_text("nonsense = 1\n")
    (trap.desk / "registry" / "policy.toml").write_text(LIVE)
    with untouched(trap):
        ran = trap.run(*line.split())
    assert ran.code == 2
    assert "services/feed.toml:1" in ran.err


@pytest.mark.parametrize(
    "line",
    [
        "audit --host box --nonsense",
        "audit --host box --format yaml",
        "audit --host box --user -oProxyCommand=x",
        "audit --host box --save /",
        "audit --host box,nowhere",
        "audit --host box,-oProxyCommand=x",
        "audit --all-hosts --as box",
        "audit --all-hosts --save /dev/null",
        "report registry --host box --out /",
    ],
)
def test_a_command_line_with_an_error(trap: Trap, line: str) -> None:
    with untouched(trap):
        assert trap.run(*line.split()).code == 2


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("audit_user", "audit --host lab1"),
        ("audit_user", "lint"),
        ("deploy_user", "deploy --host box --yes"),
        ("deploy_user", "lab up"),
        ("address", "audit --host box"),
    ],
)
def test_a_line_that_ssh_would_repeat(trap: Trap, key: str, line: str) -> None:
    hidden = EVIL.format(mark=trap.mark).replace("\u2028", "\\u2028")
    trap.hosts(**{key: f'"{hidden}"'})
    with untouched(trap):
        ran = trap.run(*line.split())
    assert ran.code == 2
    assert "hosts.toml:" in ran.err


def test_an_account_of_the_command_line(trap: Trap) -> None:
    for separator in SEPARATORS:
        with untouched(trap):
            assert trap.run("audit", "--host", "lab1", "--user", f"root{separator}proxycommand x").code == 2


@pytest.mark.parametrize("key", ["audit_user", "deploy_user"])
@pytest.mark.parametrize("value", [*INJECTIONS, *NO_ACCOUNTS])
def test_no_registry_names_such_an_account(key: str, value: str) -> None:
    _refused(key, value)


@pytest.mark.parametrize("value", [*INJECTIONS, *NO_ADDRESSES])
def test_no_registry_names_such_an_address(value: str) -> None:
    _refused("address", value)


@pytest.mark.parametrize("value", [*INJECTIONS, "local", "me@web", "web:22"])
def test_no_host_is_called_so(value: str) -> None:
    _load(SMALL["hosts.toml"].replace("[box]", f"[{_quoted(value)}]"))


@pytest.mark.parametrize("value", ["0", "65536", "-1", '"22"', "22.0", "true", "[22]"])
def test_no_port_is_such(value: str) -> None:
    _load(f"{SMALL['hosts.toml']}ssh_port = {value}\n")


@pytest.mark.parametrize(
    "value", ["999.0.0.1:80", "127.0.0.1:0", "127.0.0.1:99999", "[:::]:80", "[fe80::1%a]:80", ":80"]
)
def test_nothing_listens_there(value: str) -> None:
    with pytest.raises(InputErrors, match=r"stores\.toml:"):
        load({**_files(), "stores.toml": f'[redis]\nexternal = "redis-server"\naddress = "{value}"\n'.encode()})


def _refused(key: str, value: str) -> None:
    kept = [line for line in SMALL["hosts.toml"].splitlines() if not line.startswith(f"{key} =")]
    _load("\n".join([*kept, f"{key} = {_quoted(value)}", ""]))


def _load(hosts: str) -> None:
    with pytest.raises(InputErrors, match=r"hosts\.toml:"):
        load({**_files(), "hosts.toml": hosts.encode()})


def _files() -> dict[str, bytes]:
    return {path: text.encode() for path, text in SMALL.items()}


def _quoted(text: str) -> str:
    """A basic string of TOML, all of it as escapes."""
    return '"' + "".join(f"\\U{ord(each):08x}" for each in text) + '"'
