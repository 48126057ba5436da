"""A loopback sshd and Redis for every test here, and, for `lab` tests, one booted host."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.adapters import bridge
from qtctl.adapters.local_bus import LocalBus
from qtctl.adapters.ssh import SshHost, connect
from qtctl.interfaces.progress import silent
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
        return bridge.open_local
    need_pydbus()
    from qtctl.adapters import dbus_pydbus

    return dbus_pydbus.open_local


@dataclass(frozen=True, slots=True)
class Booted:
    """A booted systemd host with an ordinary user `qtaudit` and a user `ops` who may sudo."""

    name: str
    config: Path
    inside: Callable[..., "subprocess.CompletedProcess[bytes]"]
    """Run an argv inside, as root; `stdin` is its input."""
    socket: str
    """Its system bus, on this machine; who comes this way is root there."""

    def connect(self, user: str) -> SshHost:
        return connect(self.name, user=user, config=self.config)


RELAY = """
import socket, sys, threading
def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
def serve(client):
    bus = socket.socket(socket.AF_UNIX)
    try:
        bus.connect("/run/dbus/system_bus_socket")
    except OSError:
        client.close()
        return
    back = threading.Thread(target=pump, args=(bus, client))
    back.start()
    pump(client, bus)
    back.join()
    client.close()
    bus.close()
listener = socket.socket(fileno=int(sys.argv[1]))
while True:
    client, _ = listener.accept()
    threading.Thread(target=serve, args=(client,), daemon=True).start()
"""
"""Root of this machine is nobody to the bus of a host with uids of its own: bytes go through a process in there."""


@contextmanager
def relayed_bus(leader: int, path: Path) -> Iterator[Path]:
    """The system bus of a lab host, at a socket of this machine."""
    from qtctl.lab import inside
    from qtctl.lab.processes import find_process

    first = find_process(leader)
    assert first is not None
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        argv = [*inside.enter(first), "python3", "-c", RELAY, str(listener.fileno())]
        relay = subprocess.Popen(argv, pass_fds=[listener.fileno()])
        try:
            yield path
        finally:
            inside.end(relay)


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
        lab.up([name], tree, stands_for=name, progress=silent)
        try:
            known = lab.find(name)
            assert known is not None
            assert known.leader is not None
            with relayed_bus(known.leader, tmp_path_factory.mktemp("bus") / "socket") as path:
                yield Booted(
                    name,
                    lab.write_ssh_config(),
                    lambda *argv, stdin=None: lab.execute(name, list(argv), stdin=stdin),
                    str(path),
                )
        finally:
            lab.down([name])
