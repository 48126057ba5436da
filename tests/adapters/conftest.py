"""A loopback sshd and Redis for every test here, and, for `lab` tests, one booted host."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.adapters import bridge
from qtctl.adapters.local_bus import LocalBus
from qtctl.adapters.ssh import SshHost, connect
from tests.adapters import servers
from tests.machine import need_pydbus

OpenAt = Callable[[str, str], LocalBus]
"""Open the bus of a place at a socket."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Sshd]:
    """An sshd with nothing special about it. Tests leave its files as they were."""
    with servers.sshd(tmp_path_factory.mktemp("sshd")) as found:
        yield found


@pytest.fixture
def host(server: servers.Sshd) -> Iterator[SshHost]:
    with connect("here", user=None, config=server.config()) as found:
        yield found


@pytest.fixture(params=["jeepney", "pydbus"])
def local_bus(request: pytest.FixtureRequest) -> OpenAt:
    """A bus that listens on this machine, by either library."""
    if request.param == "jeepney":
        return bridge.local
    need_pydbus()
    from qtctl.adapters import dbus_pydbus

    return dbus_pydbus.local


@dataclass(frozen=True, slots=True)
class Booted:
    """A booted systemd host with an ordinary user `qtaudit` and a user `ops` who may sudo."""

    name: str
    config: Path
    inside: Callable[..., "subprocess.CompletedProcess[bytes]"]
    """Run an argv inside, as root; `stdin` is its input."""
    socket: str
    """Its system bus, as this machine sees it."""

    def connect(self, user: str) -> SshHost:
        return connect(self.name, user=user, config=self.config)


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    from qtctl.lab import lab
    from qtctl.model.tree import Account, Tree

    name = "adapters1"
    tree = Tree(
        accounts=(
            Account("qtaudit", "qtaudit", "/home/qtaudit", login=True),
            Account("ops", "ops", "/home/ops", login=True, sudo=True),
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QTCTL_STATE", str(tmp_path_factory.mktemp("lab")))
        lab.up([name], tree, stands_for=name, progress=lab.silent)
        try:
            known = lab.find(name)
            assert known is not None
            yield Booted(
                name,
                lab.ssh_config_path(),
                lambda *argv, stdin=None: lab.execute(name, list(argv), stdin=stdin),
                f"/proc/{known.leader}/root/run/dbus/system_bus_socket",
            )
        finally:
            lab.down([name])
