"""A host boots on each cgroup hierarchy that a machine without a systemd of its own can have."""

import os
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

from qtctl.lab import cgroups
from qtctl.lab.cgroups import Hierarchy

pytestmark = pytest.mark.lab

PURE = "mount -t cgroup2 cgroup2 /sys/fs/cgroup && "
"""In a mount namespace of its own: this machine's processes keep what they have."""

SCRIPT = """
from qtctl.lab import cgroups, lab
from qtctl.model.tree import Tree
from qtctl.interfaces.progress import silent
print(cgroups.detect().value)
lab.up(["v2"], Tree(), stands_for="x", progress=silent)
try:
    print(lab.execute("v2", ["systemctl", "is-system-running"]).stdout.decode().strip())
    print(lab.execute("v2", ["systemctl", "is-active", "redis-server"]).stdout.decode().strip())
finally:
    lab.down(["v2"])
"""


@pytest.mark.parametrize("before", [PURE, ""], ids=["pure-v2", "as-this-machine"])
def test_a_host_boots(before: str, tmp_path: Path) -> None:
    own = cgroups.detect()
    if own is Hierarchy.SYSTEMD:
        pytest.skip("the cgroups of this machine are its own systemd's to give")
    found = Hierarchy.UNIFIED if before else own
    command = f"{before}exec {sys.executable} -c {quote(SCRIPT)}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "QTCTL_STATE": str(tmp_path)},
    )
    assert (done.returncode, done.stdout.split()) == (0, [found.value, "running", "active"]), done.stderr
