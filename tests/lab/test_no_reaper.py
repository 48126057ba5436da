"""On a machine whose PID 1 reaps no orphans, as in a container that was started without an init."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab

COMMON = """
import os, subprocess, time
from pathlib import Path
from qtctl.interfaces.progress import silent
from qtctl.errors import LabError
from qtctl.lab import boot, inside, lab, state
from qtctl.model.tree import Tree

assert os.getpid() == 1, "an orphan would have another to reap it"
boot.POWER_OFF_S = 1
lab.up(["alone"], Tree(), stands_for="x", progress=silent)

def zombies():
    found = [each.read_text() for each in Path("/proc").glob("[0-9]*/stat")]
    return sum(" (sleep) Z" in each for each in found)

def leave_a_zombie():
    known = state.load("alone")
    outer = subprocess.Popen([*inside.enter(known.leader), "sleep", "0.2"], start_new_session=True)
    while not b"sleep" in subprocess.run(["ps", "-o", "comm=", "--ppid", str(outer.pid)], capture_output=True).stdout:
        time.sleep(0.01)
    before = zombies()
    outer.kill()
    outer.wait()
    while zombies() == before:
        time.sleep(0.01)
    return known.leader
"""

GIVEN_UP = """
for _ in range(12):
    try:
        lab.execute("alone", ["sleep", "4242"], timeout=0.05)
    except LabError as error:
        assert "did not end" in str(error)
print(zombies(), lab.reboot("alone").running)
lab.down(["alone"])
"""
"""Whether the command or its nsenter dies first is chance: one in three left a zombie."""

LEFT = """
for work in (lab.reboot, lambda name: (lab.cut_power(name), lab.start(name)), lambda name: lab.down([name])):
    held = leave_a_zombie()
    work("alone")
    waits = Path(f"/proc/{held.pid}/stat").read_text().rpartition(")")[2].split()[0]
    print(waits, held.alive)
print(lab.list_hosts())
"""
"""The kernel keeps the host's PID 1 as long as the zombie: it sleeps, and has nothing more."""


@pytest.mark.parametrize(
    ("script", "said"), [(GIVEN_UP, ["0 True"]), (LEFT, ["S False"] * 3 + ["[]"])], ids=["given-up", "left-by-others"]
)
def test_a_host_ends_all_the_same(script: str, said: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", sys.executable, "-c", COMMON + script],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "QTCTL_STATE": str(tmp_path)},
    )
    assert (done.returncode, done.stdout.splitlines()) == (0, said), done.stderr
