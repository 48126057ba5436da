"""Connecting: what works, and each way in which it must not, against a real sshd."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.adapters.ssh import connect
from qtctl.errors import Unreachable
from tests.adapters import servers
from tests.adapters.servers import Sshd


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Sshd]:
    """An sshd of this test alone, whose files it may change."""
    with servers.sshd(tmp_path / "sshd") as found:
        yield found


def works(config: Path, alias: str = "here", **given: object) -> bool:
    with connect(alias, user=None, config=config, **given) as host:  # type: ignore[arg-type]
        return host.start("echo up").finish(10).stdout == b"up\n"


def refusal(config: Path, alias: str = "here", *, timeout_s: float = 10) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        connect(alias, user=None, config=config, connect_timeout_s=timeout_s).close()
    assert caught.value.hint
    return caught.value


def test_known_key(server: Sshd) -> None:
    with connect("here", user=None, config=server.config()) as host:
        assert (host.address, host.user, host.transport) == ("here", servers.USER, "ssh")
        assert host.start("echo up").finish(10).stdout == b"up\n"


def test_address_and_port_override(server: Sshd) -> None:
    config = server.config("elsewhere", HostName="name.invalid", Port="1")
    assert works(config, "elsewhere", address="127.0.0.1", port=server.port)


OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEK/fmhptcNgNJgFid4TUT/swvtT5gCpsGMAGTpk4rCg"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        pytest.param([], "not known", id="unknown"),
        pytest.param(["{name} " + OTHER], "CHANGED", id="changed"),
        pytest.param(["{name} ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ=="], "none of the known types", id="other type"),
        pytest.param(["{name} {key}", "@revoked * {key}"], "REVOKED", id="revoked"),
        pytest.param(["@cert-authority * {key}"], "has a @cert-authority for it", id="authority only"),
        pytest.param(["127.0.0.1 " + OTHER], "not known", id="another one without the port"),
    ],
)
def test_a_key_that_is_not_right(ours: Sshd, lines: list[str], words: str) -> None:
    ours.knows(*(line.format(name=ours.name, key=ours.host_key) for line in lines))
    assert words in refusal(ours.config()).what


def test_an_unknown_key_is_shown_with_its_fingerprint(ours: Sshd) -> None:
    ours.knows()
    ran = subprocess.run(
        ["ssh-keygen", "-lf", str(ours.folder / "host.pub")], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split()[1] in refusal(ours.config()).what


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("fleet", {"HostKeyAlias": "fleet"}, id="alias"),
        pytest.param("127.0.0.1", {}, id="without the port"),
        pytest.param("*", {}, id="pattern"),
        pytest.param("{name}", {"UserKnownHostsFile": "/dev/null", "GlobalKnownHostsFile": "{file}"}, id="global file"),
    ],
)
def test_where_a_key_is_looked_up(ours: Sshd, name: str, options: dict[str, str]) -> None:
    ours.knows(f"{name.format(name=ours.name)} {ours.host_key}")
    assert works(ours.config(**{key: value.format(file=ours.known_hosts) for key, value in options.items()}))


def test_strict_whatever_the_config_says(ours: Sshd) -> None:
    ours.knows()
    assert "not known" in refusal(ours.config(StrictHostKeyChecking="no")).what


def test_the_known_type_is_negotiated(tmp_path: Path) -> None:
    """A server with two host keys, of which the one we do not prefer is known."""
    other = tmp_path / "rsa"
    public = servers.make_key(other, kind="rsa")
    with servers.sshd(tmp_path / "sshd", options=[f"HostKey {other}"]) as server:
        server.knows(f"{server.name} {public}")
        assert works(server.config())


def test_denied(ours: Sshd) -> None:
    (ours.folder / "authorized_keys").write_text("")
    error = refusal(ours.config())
    assert "login denied" in error.what
    assert "not accepted" in error.what


def test_no_key_to_offer(ours: Sshd) -> None:
    assert "no key to offer" in refusal(ours.config(IdentityFile=str(ours.folder / "missing"))).what


def test_only_passwords(tmp_path: Path) -> None:
    with servers.sshd(tmp_path, options=["PubkeyAuthentication no"]) as server:
        assert "login denied" in refusal(server.config()).what


def test_passphrase_without_agent(ours: Sshd) -> None:
    servers.make_key(ours.folder / "locked", passphrase="secret")
    error = refusal(ours.config(IdentityFile=str(ours.folder / "locked")))
    assert "has a passphrase and is not in the agent" in error.what


def test_a_broken_key_file(ours: Sshd) -> None:
    (ours.folder / "broken").write_text(
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    )
    assert "unusable" in refusal(ours.config(IdentityFile=str(ours.folder / "broken"))).what


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    while not os.path.exists(path):  # noqa: PTH110 - a socket
        time.sleep(0.01)
    yield path
    process.terminate()
    process.wait(5)


@pytest.mark.parametrize("only", ["yes", "no"])
def test_agent(ours: Sshd, agent: str, only: str) -> None:
    """A key that is on disk with a passphrase, and open in the agent, found by IdentityAgent."""
    subprocess.run(
        ["ssh-add", "-q", str(ours.folder / "client")], env=os.environ | {"SSH_AUTH_SOCK": agent}, check=True
    )
    subprocess.run(
        ["ssh-keygen", "-q", "-p", "-N", "secret", "-f", str(ours.folder / "client")],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert works(ours.config(IdentityAgent=agent, IdentitiesOnly=only))


def test_an_agent_that_is_gone(ours: Sshd) -> None:
    assert works(ours.config(IdentityAgent="/nonexistent/agent"))


def test_connection_refused(server: Sshd) -> None:
    assert "connection refused" in refusal(server.config(Port=str(servers.free_port()))).what


def test_name_not_resolved(server: Sshd) -> None:
    assert "does not resolve" in refusal(server.config(HostName="name.invalid")).what


def test_silence(server: Sshd) -> None:
    """Something that accepts and never speaks costs the timeout and no more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        began = time.monotonic()
        error = refusal(server.config(Port=str(listening.getsockname()[1])), timeout_s=0.5)
    assert "no SSH handshake" in error.what
    assert time.monotonic() - began < 5


def test_something_else_listens(server: Sshd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: listening.accept()[0].sendall(b"HTTP/1.0 400 Bad\r\n" * 200))
        thread.start()
        error = refusal(server.config(Port=str(listening.getsockname()[1])), timeout_s=2)
        thread.join()
    assert "no SSH handshake" in error.what


def test_bad_config(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Nonsense yes\n")
    assert "settings cannot be read" in refusal(tmp_path / "config").what


def test_no_ssh_client(server: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    config = server.config()
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "openssh-client" in refusal(config).hint


def test_proxy_jump(tmp_path: Path) -> None:
    with servers.sshd(tmp_path / "gate") as gate, servers.sshd(tmp_path / "inner") as inner:
        config = inner.config("inner", ProxyJump="gate")
        config.write_text(config.read_text() + gate.config("gate").read_text())
        assert works(config, "inner")
        assert "Accepted publickey" in (gate.folder / "log").read_text()


def test_two_jumps(tmp_path: Path) -> None:
    with (
        servers.sshd(tmp_path / "a") as one,
        servers.sshd(tmp_path / "b") as two,
        servers.sshd(tmp_path / "c") as three,
    ):
        config = three.config("three", ProxyJump="one,two")
        config.write_text(config.read_text() + one.config("one").read_text() + two.config("two").read_text())
        assert works(config, "three")
        assert all("Accepted publickey" in (hop.folder / "log").read_text() for hop in (one, two, three))


def test_a_jump_that_may_not_forward(tmp_path: Path) -> None:
    with (
        servers.sshd(tmp_path / "gate", options=["AllowTcpForwarding no"]) as gate,
        servers.sshd(tmp_path / "in") as inner,
    ):
        config = inner.config("inner", ProxyJump="gate")
        config.write_text(config.read_text() + gate.config("gate").read_text())
        assert "not reached from its jump host" in refusal(config, "inner").what


def test_a_jump_over_itself(server: Sshd) -> None:
    assert "over itself" in refusal(server.config(ProxyJump="here")).what


def test_proxy_command(server: Sshd) -> None:
    relay = server.folder / "relay.py"
    relay.write_text(
        "import os, select, socket, sys\n"
        "assert sys.argv[1] == 'localhost'\n"
        "s = socket.create_connection(('127.0.0.1', int(sys.argv[2])))\n"
        "while True:\n"
        "    for f in select.select([0, s.fileno()], [], [])[0]:\n"
        "        data = os.read(f, 65536)\n"
        "        if not data: sys.exit()\n"
        "        os.write(s.fileno() if f == 0 else 1, data)\n"
    )
    assert works(server.config(HostName="localhost", HostKeyAlias=server.name, ProxyCommand=f"python3 {relay} %h %p"))


def test_a_proxy_command_that_fails(server: Sshd) -> None:
    error = refusal(server.config(ProxyCommand="sh -c 'echo no route >&2; exit 1'"))
    assert "ProxyCommand: no route" in error.what


def _held() -> tuple[int, int]:
    """How many descriptors and threads this process has."""
    return len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208


def test_nothing_is_left_over(server: Sshd) -> None:
    """No thread, no descriptor, no process stays when a connection is closed."""
    config = server.config(ProxyCommand=f"{__import__('sys').executable} -c 'import time; time.sleep(60)'")
    works(server.config("warm"), "warm")
    before = _held()

    def more() -> list[int]:
        return [now - then for now, then in zip(_held(), before, strict=True)]

    for _ in range(3):
        works(server.config("again"), "again")
        refusal(config, timeout_s=0.3)
    until = time.monotonic() + 5
    while max(more()) > 0 and time.monotonic() < until:
        time.sleep(0.01)
    assert max(more()) <= 0, more()
