"""What goes through a connection: commands, files."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtctl.adapters.sftp import list_folders
from qtctl.adapters.ssh import SshHost, connect
from qtctl.errors import HostError, Refused
from qtctl.model.tree import TreeFile
from tests.adapters import servers
from tests.adapters.servers import Sshd


def test_a_command_with_all_its_parts(host: SshHost) -> None:
    before = time.time()
    done = host.start("echo out; echo err >&2; exit 3").finish(10)
    assert (done.exit, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
    assert before - 1 < done.started_at < time.time()
    assert 0 < done.took_s < 10


def test_ended_by_a_signal(host: SshHost) -> None:
    assert host.start("kill -9 $$").finish(10).exit is None


def test_large_output_on_both_streams(host: SshHost) -> None:
    """More than the windows of SSH, on both: neither side may wait for the other."""
    script = "head -c 9000000 /dev/zero; head -c 9000000 /dev/zero >&2; head -c 100 /dev/zero"
    done = host.start(script).finish(60)
    assert (len(done.stdout), len(done.stderr), done.exit) == (9_000_100, 9_000_000, 0)


def test_a_large_script_that_talks_while_it_is_sent(host: SshHost) -> None:
    line = "printf '%01000d' 0\n"
    done = host.start(line * 6000 + "#" * 3_000_000 + "\n").finish(60)
    assert len(done.stdout) == 6_000_000


def test_a_script_that_ends_before_it_is_read(host: SshHost) -> None:
    assert host.start("exit 4\n" + "#" * 6_000_000).finish(30).exit == 4


def test_several_at_once(host: SshHost, tmp_path: Path) -> None:
    """Each ends once all have begun."""
    all_there = f'until [ "$(ls {tmp_path} | wc -l)" -eq 6 ]; do sleep 0.05; done'
    running = [host.start(f"touch {tmp_path}/{number}; {all_there}") for number in range(6)]
    assert [command.finish(30).exit for command in running] == [0] * 6


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000))
def test_bytes_come_back_as_they_are(host: SshHost, data: bytes) -> None:
    octal = "".join(f"\\{byte:03o}" for byte in data)
    assert host.start(f"printf '%b' '{octal.replace(chr(92), chr(92) + '0')}'").finish(10).stdout == data


def test_deadline(host: SshHost) -> None:
    began = time.monotonic()
    with pytest.raises(HostError, match="did not end in"):
        host.start("sleep 30").finish(0.3)
    assert time.monotonic() - began < 2
    assert host.start("echo still here").finish(5).stdout == b"still here\n"


def test_the_connection_breaks(server: Sshd) -> None:
    with connect("here", user=None, config=server.config()) as host:
        running = host.start("kill -9 $PPID; sleep 5")
        with pytest.raises(HostError, match="connection lost"):
            running.finish(10)
        with pytest.raises(HostError, match="connection lost"):
            host.start("true")


def test_root_without_sudo_where_the_user_is_root(host: SshHost) -> None:
    if host.user != "root":
        pytest.skip("not root here")
    done = host.start("id -u; echo x >&2", root=True).finish(10)
    assert (done.stdout, done.stderr) == (b"0\n", b"x\n")


TREE = (
    TreeFile("a/b/c.service", b"[Unit]\n" * 20000),
    TreeFile("a/empty", b""),
    TreeFile("top.env", bytes(range(256))),
    *(TreeFile(f"many/{number}", b"%d" % number) for number in range(150)),
)


def test_put(host: SshHost, tmp_path: Path) -> None:
    directory = tmp_path / "new"
    old = os.umask(0o022)
    try:
        host.put(str(directory), TREE)
    finally:
        os.umask(old)
    for file in TREE:
        path = directory / file.path
        assert path.read_bytes() == file.content
        assert path.stat().st_mode & 0o7777 == 0o600
    assert all(path.stat().st_mode & 0o7777 == 0o700 for path in (directory, directory / "a", directory / "a/b"))
    assert sum(path.is_file() for path in directory.rglob("*")) == len(TREE)


def test_put_more_than_a_window(host: SshHost, tmp_path: Path) -> None:
    content = os.urandom(7_000_000)
    host.put(str(tmp_path / "new"), [TreeFile("big", content)])
    assert (tmp_path / "new/big").read_bytes() == content


def test_put_where_something_is(host: SshHost, tmp_path: Path) -> None:
    with pytest.raises(HostError) as caught:
        host.put(str(tmp_path), [TreeFile("x", b"")])
    assert str(tmp_path) in caught.value.what
    assert list(tmp_path.iterdir()) == []


def test_put_where_no_parent_is(host: SshHost, tmp_path: Path) -> None:
    with pytest.raises(HostError, match="No such file"):
        host.put(str(tmp_path / "no" / "such"), [])


def test_no_sftp(tmp_path: Path) -> None:
    with (
        servers.sshd(tmp_path, options=["Subsystem other /bin/false"]) as server,
        connect("here", user=None, config=server.config()) as host,
    ):
        with pytest.raises(HostError, match="SFTP"):
            host.put("/tmp/never", [])
        assert host.start("echo up").finish(5).exit == 0


@pytest.mark.parametrize("path", ["/etc/passwd", "../up", "a/../../b", "a//b", ""])
def test_a_path_that_leads_out(path: str) -> None:
    with pytest.raises(ValueError, match="below a directory"):
        list_folders([TreeFile(path, b"")])


def test_too_many_sessions(tmp_path: Path) -> None:
    with (
        servers.sshd(tmp_path, options=["MaxSessions 2"]) as server,
        connect("here", user=None, config=server.config()) as host,
    ):
        running = [host.start("sleep 1") for _ in range(2)]
        with pytest.raises(Refused, match="no session"):
            host.start("true")
        assert [command.finish(5).exit for command in running] == [0, 0]


def test_no_bus_here_is_told_quickly(host: SshHost) -> None:
    if Path("/run/dbus/system_bus_socket").exists():
        pytest.skip("this machine has a system bus")
    began = time.monotonic()
    with pytest.raises(HostError, match="no system"):
        host.bus()
    assert time.monotonic() - began < 3
