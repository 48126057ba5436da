"""The host protocol on this machine."""

import os
import time
from pathlib import Path

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.local import LocalHost
from qtctl.errors import HostError, Refused
from qtctl.model.tree import TreeFile


def test_a_command_with_all_its_parts() -> None:
    with LocalHost() as here:
        done = here.start("echo out; echo err >&2; exit 3").finish(10)
        assert (done.exit, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
        assert here.start("kill -9 $$").finish(10).exit is None
        assert here.transport == "local"


def test_large_output_and_several_at_once() -> None:
    with LocalHost() as here:
        running = [
            here.start("date +%s%N; sleep 1; date +%s%N; head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero")
            for _ in range(3)
        ]
        done = [command.finish(20) for command in running]
        times = [one.stdout.split(b"\n", 2) for one in done]
        assert [(len(one.stderr), len(rest)) for one, (_, _, rest) in zip(done, times, strict=True)] == [
            (3_000_000, 3_000_000)
        ] * 3
        assert max(int(began) for began, _, _ in times) < min(int(ended) for _, ended, _ in times)


def test_deadline_ends_everything_it_started(tmp_path: Path) -> None:
    with LocalHost() as here:
        with pytest.raises(HostError, match="did not end"):
            here.start(f"(sleep 1; touch {tmp_path}/late) & sleep 30").finish(0.2)
        time.sleep(1.2)
    assert list(tmp_path.iterdir()) == []


def test_closing_ends_what_runs(tmp_path: Path) -> None:
    with LocalHost() as here:
        here.start(f"sleep 0.5; touch {tmp_path}/late")
    time.sleep(0.8)
    assert list(tmp_path.iterdir()) == []


def test_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("not root here")
    with LocalHost() as here:
        done = here.start("id -u; echo x >&2", root=True).finish(10)
        assert (done.stdout, done.stderr) == (b"0\n", b"x\n")


def test_put(tmp_path: Path) -> None:
    with LocalHost() as here:
        here.put(str(tmp_path / "new"), [TreeFile("a/b/c", b"x"), TreeFile("d", b"")])
        assert (tmp_path / "new/a/b/c").read_bytes() == b"x"
        assert (tmp_path / "new/a/b/c").stat().st_mode & 0o7777 == 0o600
        assert (tmp_path / "new/a").stat().st_mode & 0o7777 == 0o700
        with pytest.raises(HostError, match="File exists"):
            here.put(str(tmp_path / "new"), [])
        with pytest.raises(HostError, match="No such file"):
            here.put(str(tmp_path / "no/such"), [])


def test_clock() -> None:
    clock = SystemClock()
    before, began = clock.now(), clock.monotonic()
    clock.sleep(0.02)
    assert clock.now() > before
    assert clock.monotonic() - began >= 0.02
    assert abs(clock.now() - time.time()) < 1


def test_no_sudo() -> None:
    """Denied by a sudo that cannot ask: told from the command's own failure by the missing mark."""
    from qtctl.adapters import elevate

    with pytest.raises(Refused, match="a password is required"):
        elevate.strip_mark(b"sudo: a password is required\n", lambda said: elevate.make_refusal("here", said))
    assert elevate.strip_mark(
        b"sudo: noise\nqtctl: root\nits own\n", lambda said: elevate.make_refusal("here", said)
    ) == (b"its own\n")
