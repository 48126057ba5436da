"""A throwaway lab leaves nothing behind, however the process that made it ends. Real hosts, real signals."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qtctl.interfaces.progress import silent
from qtctl.lab import cgroups, lab, network, state
from qtctl.lab.throwaway import LOCK, make_throwaway_lab
from qtctl.model.tree import Tree
from tests.live.box import ROOT

GONE_WITHIN_S = 60.0
NAME = "gone"
CALLER = f"""
import signal, sys, time
from qtctl.lab import lab, state
from qtctl.lab.throwaway import make_throwaway_lab
from qtctl.model.tree import Tree

# A shell lets what it starts in the background ignore interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

def show(event):
    print(event.detail, flush=True)

with make_throwaway_lab():
    print(state.locate_state(), flush=True)
    if sys.argv[1] in ("boot", "churn"):
        lab.up(["{NAME}"], Tree(), stands_for="box", progress=show)
    if sys.argv[1] == "churn":
        for _ in range(3):
            lab.execute("{NAME}", ["systemd-run", "sh", "-c", "while :; do systemd-run --quiet --scope true; done"])
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own, which is not there yet."""
    folder = tmp_path / "state"
    monkeypatch.setenv("QTCTL_STATE", str(folder))
    return folder


@contextmanager
def caller(what: str, until: str) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """A process that is in a throwaway lab and has said `until`, and the lab's folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", CALLER, what], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        folder = Path(process.stdout.readline().strip())
        for line in process.stdout:
            if until in line:
                break
        yield process, folder
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def guardian_of(folder: Path) -> int:
    deadline = time.monotonic() + GONE_WITHIN_S
    while not (found := list_guardians(folder)):
        assert time.monotonic() < deadline
    return found[0]


def list_guardians(folder: Path) -> list[int]:
    argvs = {int(path.name): read_argv(path) for path in Path("/proc").iterdir() if path.name.isdecimal()}
    return [pid for pid, argv in argvs.items() if str(folder) in argv]


def read_argv(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text().split("\0")
    except OSError:
        return []


def list_traces(folder: Path) -> list[str]:
    """What is left of the lab: files, mounts, processes that name it, the link and the cgroups of its host."""
    with state.use_state(folder):
        label, device = state.make_label(NAME), network.name_device(NAME)
        groups = cgroups.list_cgroups(NAME, cgroups.detect())
    found = [str(path) for path in (folder, folder.with_suffix(LOCK), *groups) if os.path.lexists(path)]
    found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]
    found += [device] if Path("/sys/class/net", device).exists() else []
    argvs = (read_argv(path) for path in Path("/proc").iterdir() if path.name.isdecimal())
    found += [" ".join(argv) for argv in argvs if any(str(folder) in word or label in word for word in argv)]
    return found


def await_gone(home: Path, folder: Path) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while (left := list_traces(folder)) or home.exists():
        assert time.monotonic() < deadline, left or f"{home} is still there"
        time.sleep(0.1)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("until", "number"),
    [("its disk", signal.SIGKILL), ("booting", signal.SIGKILL), ("ready", signal.SIGKILL), ("ready", signal.SIGINT)],
)
def test_nothing_is_left_of_a_host_whose_caller_is_killed(home: Path, until: str, number: signal.Signals) -> None:
    with caller("boot", until) as (process, folder):
        assert folder.parent == home / state.THROWAWAY
        os.killpg(process.pid, number)
        await_gone(home, folder)


@pytest.mark.lab
def test_a_host_that_makes_and_removes_cgroups_all_the_time_is_removed_too(home: Path) -> None:
    """What is being looked through then is gone a moment later."""
    with caller("churn", "ready") as (process, folder):
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGKILL)
        await_gone(home, folder)


@pytest.mark.lab
def test_what_is_left_where_the_guardian_is_killed_too_goes_with_the_next_one(home: Path) -> None:
    with caller("boot", "ready") as (process, folder):
        guardian = guardian_of(folder)
        os.kill(guardian, signal.SIGKILL)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert list_traces(folder)
    with make_throwaway_lab():
        assert list_traces(folder) == []
    await_gone(home, folder)


def test_a_caller_whose_guardian_is_killed_removes_the_lab_itself(home: Path) -> None:
    with make_throwaway_lab():
        folder = state.locate_state()
        assert folder.parent.parent == home
        os.kill(guardian_of(folder), signal.SIGKILL)
    assert list_traces(folder) == []


def test_a_lab_that_is_in_use_is_left_alone_by_others(home: Path) -> None:
    with make_throwaway_lab():
        first = state.locate_state()
        with state.use_state(home), make_throwaway_lab():
            assert state.locate_state() != first
            assert first.is_dir()
        assert first.is_dir()
    assert not home.exists()


@pytest.mark.lab
def test_a_full_disk_is_in_memory_and_has_room_again(home: Path) -> None:
    with make_throwaway_lab():
        lab.up([NAME], Tree(), stands_for="box", progress=silent, disk_mib=256)

        def write(name: str) -> int:
            return lab.execute(NAME, ["sh", "-c", f"head -c 1000000 /dev/zero > /root/{name} && sync"]).returncode

        assert write("before") == 0
        lab.fill_disk(NAME)
        assert write("full") != 0
        lab.free_disk(NAME)
        assert write("after") == 0
        assert lab.reboot(NAME).running
        assert lab.execute(NAME, ["cat", "/root/after"]).stdout == bytes(1000000)
    assert not home.exists()
