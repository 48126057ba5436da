"""A jump host is logged in to once for a run, by real ssh and sshd, and strictly."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.adapters.shared_jumps import SharedJumps
from qtctl.engines import connect as room
from qtctl.engines.processes import Processes
from qtctl.errors import Unreachable
from qtctl.model.route import Route
from tests.adapters import servers
from tests.fleet.test_trouble import wait_until

pytestmark = pytest.mark.skipif(bool(servers.missing()), reason=f"not installed: {servers.missing()}")
HOSTS = 6


def run_there(target: str, config: str) -> str:
    """What a worker does with a host: it connects, and runs a command."""
    with room.connect(Route(target, None, config)) as host:
        return host.start("echo it is $(id -un)\n").finish(20).stdout.decode()


def count_logins(server: servers.Sshd) -> int:
    return (server.folder / "log").read_text().count("Accepted publickey")


def write_config(jump: servers.Sshd, inner: servers.Sshd, **options: str) -> Path:
    """A client config with the jump host, and several names for the host behind it."""
    through = jump.config("jump", **options).read_text()
    behind = inner.config("inner-*", ProxyJump="jump", HostKeyAlias="inner").read_text()
    inner.knows(f"inner {inner.host_key}")
    path = jump.folder / "both"
    path.write_text(f"{through}\n{behind}")
    return path


def test_all_hosts_share_one_login(tmp_path: Path) -> None:
    with (
        servers.sshd(tmp_path / "jump") as jump,
        servers.sshd(tmp_path / "inner") as inner,
        Processes(3, preload=("qtctl.adapters.ssh",)) as engine,
    ):
        config = str(write_config(jump, inner))
        running = [engine.submit(run_there, f"inner-{number}", config) for number in range(HOSTS)]
        assert {each.result() for each in running} == {f"it is {servers.USER}\n"}
        engine.shutdown()
        assert (count_logins(jump), count_logins(inner)) == (1, HOSTS)
        wait_until(lambda: not list_sessions(jump) and not list_sessions(inner))


def list_sessions(server: servers.Sshd) -> list[int]:
    """The processes of sshd that serve a connection."""
    listening = int((server.folder / "pid").read_text())
    children = Path(f"/proc/{listening}/task/{listening}/children").read_text().split()
    return [int(each) for each in children]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    """An ssh-agent without a key; its socket."""
    path = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        wait_until(path.exists)
        yield str(path)
    finally:
        process.terminate()
        process.wait(5)


def ask_behind(jump: servers.Sshd, inner: servers.Sshd, config: Path) -> set[str]:
    """What several hosts behind the jump host answer. All of them share one login there."""
    with Processes(3, preload=("qtctl.adapters.ssh",)) as engine:
        running = [engine.submit(run_there, f"inner-{number}", str(config)) for number in range(3)]
        found = {each.result() for each in running}
    assert (count_logins(jump), count_logins(inner)) == (1, 3)
    return found


def test_keys_that_only_an_agent_has(tmp_path: Path, agent: str) -> None:
    """For the jump host and for the hosts behind it: no private key is on the disk, and the agent stays here."""
    with servers.sshd(tmp_path / "jump") as jump, servers.sshd(tmp_path / "inner") as inner:
        for server in (jump, inner):
            key = server.folder / "client"
            subprocess.run(["ssh-add", "-q", key], env=os.environ | {"SSH_AUTH_SOCK": agent}, check=True)
            key.unlink()
        config = write_config(jump, inner, IdentityAgent=agent)
        config.write_text(config.read_text().replace("IdentityAgent none", f"IdentityAgent {agent}"))
        assert ask_behind(jump, inner, config) == {f"it is {servers.USER}\n"}
        assert "agent" not in (jump.folder / "log").read_text().lower()


def make_certificate(authority: Path, key: Path, *options: str) -> None:
    """KEY-cert.pub, signed by the authority."""
    subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "test", *options, f"{key}.pub"], check=True)


def test_certificates_of_accounts_and_of_hosts(tmp_path: Path) -> None:
    """Neither server knows the key of an account, and no host key is known: both are signed by an authority."""
    users, hosts = tmp_path / "users", tmp_path / "hosts"
    trusted = servers.make_key(users)
    authority = " ".join(servers.make_key(hosts).split()[:2])
    options = (f"TrustedUserCAKeys {users}.pub",)
    for name in ("jump", "inner"):
        folder = tmp_path / name
        folder.mkdir()
        servers.make_key(folder / "host")
        make_certificate(hosts, folder / "host", "-h", "-n", "127.0.0.1,inner")
    assert trusted
    with (
        servers.sshd(tmp_path / "jump", options=(*options, f"HostCertificate {tmp_path}/jump/host-cert.pub")) as jump,
        servers.sshd(
            tmp_path / "inner", options=(*options, f"HostCertificate {tmp_path}/inner/host-cert.pub")
        ) as inner,
    ):
        for server in (jump, inner):
            make_certificate(users, server.folder / "client", "-n", servers.USER)
            (server.folder / "authorized_keys").write_text("")
        config = write_config(jump, inner)
        jump.knows(f"@cert-authority {jump.name} {authority}")
        inner.knows(f"@cert-authority inner {authority}")
        assert ask_behind(jump, inner, config) == {f"it is {servers.USER}\n"}
        inner.knows(f"@cert-authority inner {jump.host_key}")
        with Processes(1, preload=("qtctl.adapters.ssh",)) as engine:
            assert isinstance(engine.submit(run_there, "inner-1", str(config)).exception(), Unreachable)


@pytest.mark.parametrize("trusting", ["no", "accept-new"])
def test_an_unknown_jump_host_is_refused_whatever_ssh_config_says(tmp_path: Path, trusting: str) -> None:
    with servers.sshd(tmp_path / "jump") as jump, servers.sshd(tmp_path / "inner") as inner:
        config = write_config(jump, inner, StrictHostKeyChecking=trusting)
        jump.knows()
        with Processes(1, preload=("qtctl.adapters.ssh",)) as engine:
            error = engine.submit(run_there, "inner-1", str(config)).exception()
        assert isinstance(error, Unreachable)
        assert "Host key verification failed" in str(error)
        assert count_logins(jump) == 0
        assert jump.known_hosts.read_text() == ""


def test_nothing_of_it_is_left() -> None:
    keeper = SharedJumps()
    folder = Path(keeper.path).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_uid == os.getuid()
    keeper.close()
    keeper.close()
    assert not folder.exists()
