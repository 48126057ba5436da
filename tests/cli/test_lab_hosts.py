"""A booted host that lost one of the things that are asked: incomplete, a reason each, and no deploy in the dark."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.lab import lab
from tests.cli.world import Ran, build, qtctl
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


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: lost.name)
def test_a_host_that_lost(lost: Lost, ground: Ground) -> None:
    service = ground.world / "registry/services/feed.toml"
    declared = service.read_text()
    ground.sh(lost.take)
    try:
        audited = ground.run("audit", "--host", "lab1", "--format", "json")
        (reason,) = {check["reason"] for check in json.loads(audited.out)["unknowns"]}
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
