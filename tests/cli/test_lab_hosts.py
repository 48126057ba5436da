"""A booted host that lost one of the things that are asked: incomplete, a reason each, and no deploy in the dark."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.lab import lab
from tests.cli.terminal import on_terminal, seen
from tests.cli.world import PROGRAM, Ran, build, environment, qtctl
from tests.machine import own_lab

pytestmark = pytest.mark.lab


@dataclass(frozen=True)
class Lost:
    name: str
    take: str
    give: str
    reason: str
    """Of what is unknown, or a part of it."""
    code: int = 3


LOST = (
    Lost("ss", "mv /usr/bin/ss /usr/bin/ss.away", "mv /usr/bin/ss.away /usr/bin/ss", "ss is not installed"),
    Lost(
        "Redis lets nobody in",
        "redis-cli CONFIG SET requirepass other",
        "redis-cli --no-auth-warning -a other CONFIG SET requirepass ''",
        "NOAUTH",
    ),
    Lost("Redis", "systemctl stop redis-server", "systemctl start redis-server", "not reached from the host", code=1),
    Lost(
        "D-Bus",
        "systemctl stop dbus.socket dbus.service",
        "systemctl start dbus.socket dbus.service",
        "no system bus",
    ),
    Lost(
        "the bridge to it",
        "mv /usr/bin/systemd-stdio-bridge /root/",
        "mv /root/systemd-stdio-bridge /usr/bin/",
        "no systemd-stdio-bridge",
    ),
)


ASK_SYSTEMCTL = ("QT232", "QT726")


@dataclass(frozen=True)
class Ground:
    world: Path

    def run(self, *argv: str) -> Ran:
        return qtctl(self.world, *argv)

    def sh(self, script: str) -> str:
        done = lab.execute("lab1", ["sh", "-euc", script])
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def files(self) -> str:
        """Everything a deploy writes, with its times, and what runs."""
        return self.sh(
            "find /etc/systemd/system /etc/small /var/lib /tmp -printf '%p %T@ %l\\n' | grep -v redis | sort; "
            "cat /etc/systemd/system/small-*.* /etc/small/* 2>/dev/null || true; pgrep -u svc"
        )


def wait_for(holds: Callable[[], bool], within_s: float = 10.0) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if holds():
            return True
    return False


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    world = build(tmp_path_factory.mktemp("world"))
    with own_lab(world / ".lab"):
        up = qtctl(world, "lab", "up")
        assert up.code == 0, up.err
        try:
            deployed = qtctl(world, "deploy", "--host", "lab1", "--yes")
            assert deployed.code == 0, deployed.err
            yield Ground(world)
        finally:
            lab.down(["lab1"])


def test_what_is_deployed_holds(ground: Ground) -> None:
    assert ground.run("audit", "--host", "lab1").code == 0
    again = ground.run("deploy", "--host", "lab1")
    assert (again.code, again.out) == (0, "lab1 is as declared: nothing to change\n")


def test_no_is_no(ground: Ground) -> None:
    """The question names the host that would change, not only the one it stands in for."""
    service = ground.world / "registry/services/feed.toml"
    declared = service.read_text()
    service.write_text(declared.replace('"Feed"', '"Feeds"'))
    try:
        before = ground.files()
        with on_terminal(ground.world, "deploy", "--host", "lab1") as (ours, process):
            assert "Change lab1, which stands in for box? [y/N]" in seen(ours, "[y/N]")
            os.write(ours, b"n\n")
            assert "lab1: nothing was changed" in seen(ours)
            assert process.wait(5) == 1
        assert ground.files() == before
    finally:
        service.write_text(declared)


def test_a_host_whose_gate_is_shut_without_a_change_to_make(ground: Ground) -> None:
    ground.sh("redis-cli XGROUP DESTROY s:tick api")
    try:
        ran = ground.run("deploy", "--host", "lab1")
        assert ran.code == 1
        first, *others = ran.out.splitlines()
        assert first == "lab1: nothing to change, and yet it does not run as declared"
        assert "  QT504 s:tick/api: consumer group missing" in others
    finally:
        ground.sh("systemctl restart small-api")
        assert wait_for(lambda: ground.run("deploy", "--host", "lab1").code == 0)


EXECS = [
    (("hostname",), b"", 0, b"lab1\n"),
    (("cat",), b"given", 0, b"given"),
    (("sh", "-c", "exit 7"), b"", 7, b""),
    (("sh", "-c", "kill -9 $$"), b"", 137, b""),
    (("echo", "--debug", "-h"), b"", 0, b"--debug -h\n"),
]


@pytest.mark.parametrize(("argv", "given", "code", "out"), EXECS, ids=lambda value: str(value)[:20])
def test_exec_is_as_the_command_there(
    argv: tuple[str, ...], given: bytes, code: int, out: bytes, ground: Ground
) -> None:
    ran = subprocess.run(
        [*PROGRAM, "lab", "exec", "lab1", "--", *argv],
        cwd=ground.world,
        env=environment(ground.world),
        input=given,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (code, out)


def test_exec_of_a_shell_at_a_terminal(ground: Ground) -> None:
    with on_terminal(ground.world, "lab", "exec", "lab1", "bash") as (ours, process):
        seen(ours, "lab1:")
        os.write(ours, b"exit 7\n")
        seen(ours)
        assert process.wait(5) == 7


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: lost.name)
def test_a_host_that_lost(lost: Lost, ground: Ground) -> None:
    service = ground.world / "registry/services/feed.toml"
    declared = service.read_text()
    ground.sh(lost.take)
    try:
        audited = ground.run("audit", "--host", "lab1", "--format", "json")
        # Without D-Bus, systemctl says nothing of services and mounts either: questions of their own.
        others = {check["reason"] for check in json.loads(audited.out)["unknowns"] if check["id"] not in ASK_SYSTEMCTL}
        (reason,) = others
        assert lost.reason in reason
        assert audited.code == lost.code
        service.write_text(f'{declared}\n[env]\nLOG_LEVEL = "DEBUG"\n')
        before = ground.files()
        deployed = ground.run("deploy", "--host", "lab1", "--yes")
        _progress, error = deployed.err.splitlines()
        assert error.startswith("error: box: nothing was changed")
        assert lost.reason in error
        assert (deployed.code, deployed.out) == (4, "")
        assert ground.files() == before
    finally:
        service.write_text(declared)
        ground.sh(lost.give)
