"""Hosts on which nothing starts, or PID 1 hangs, or whose tools are busybox's: what is read, and why not the rest.

Each is asked for: QTCTL_SLOW_HOSTS=1.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qtctl.lab import state
from tests.live import debs
from tests.live.box import Box

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not os.environ.get("QTCTL_SLOW_HOSTS"), reason="takes two minutes: set QTCTL_SLOW_HOSTS=1"),
]

TOOLS = "find awk ls stat head id tr sed sort cut date df readlink timeout grep od getent"
SWAP = f"""mkdir /root/gnu
for each in {TOOLS}; do
  busybox --list | grep -qx $each && at=$(command -v $each) || continue
  cp -P $at /root/gnu/$each && ln -sf /bin/busybox $at
done"""
SWAP_BACK = """for at in /root/gnu/*; do cp -fP --remove-destination $at /usr/bin/; done; rm -r /root/gnu"""
ACCOUNT = """useradd -m -u 54321 -s /bin/bash few
cp -r ~qtaudit/.ssh ~few/ && chown -R few: ~few/.ssh
"""
LIMIT = "/etc/security/limits.d/few.conf"


def of(report: dict[str, Any], family: str) -> set[str]:
    return {each["reason"] for each in report["unknowns"] if each["id"].startswith(family)}


def test_tools_of_busybox(box: Box, tmp_path: Path) -> None:
    came = debs.install(box, tmp_path, "busybox-static")
    try:
        box.sh(SWAP)
        ran = box.audit()
    finally:
        box.sh(SWAP_BACK)
        debs.remove(box, came)
    assert ran.code == 3
    report = ran.json()
    assert report["findings"] == []
    assert {each["reason"].split(" does not support ")[0] for each in report["unknowns"]} == {"df", "find", "readlink"}
    for each in report["unknowns"]:
        tool = each["reason"].split()[0]
        assert each["reason"].endswith("on this host: it is busybox's, or not GNU's")
        assert each["remedy"].startswith(f"install GNU {tool} on the host (package ")


def test_pid_1_hangs(box: Box) -> None:
    known = state.load(box.name)
    assert known is not None
    assert known.leader is not None
    began = time.monotonic()
    os.kill(known.leader.pid, signal.SIGSTOP)
    try:
        ran = box.audit()
    finally:
        os.kill(known.leader.pid, signal.SIGCONT)
    assert time.monotonic() - began < 40
    assert ran.code == 3
    report = ran.json()
    assert report["findings"] == []
    assert "login hangs" in " ".join(of(report, "QT4"))


@pytest.fixture(scope="module")
def few(box: Box) -> Iterator[str]:
    """An account of a uid that nobody on this machine has: what it may start counts what all of that uid started."""
    box.sh(ACCOUNT)
    yield "few"
    box.sh(f"userdel -rf few; rm -f {LIMIT}")


@pytest.mark.parametrize("most", [1, 5, 6, 7, 8, 9, 10, 11, 12])
def test_few_processes(box: Box, few: str, most: int) -> None:
    """However far it comes: what was read holds, and nothing else is a reason."""
    box.sh(f"echo 'ulimit -u {most}' >/home/few/.bashrc")
    ran = box.audit("--user", few)
    assert ran.code == 3
    report = ran.json()
    assert report["findings"] == []
    assert report["totals"]["holds"] > 1000
    other = {each["reason"] for each in report["unknowns"] if "starts no further process" not in each["reason"]}
    assert other == set()
    assert all("ulimit -u" in each["remedy"] for each in report["unknowns"])
