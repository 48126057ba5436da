"""qtctl watch in tmux: twenty changes, each on the screen within a second, across a dropped connection.

A change is timed by the clock of the host, from before the command that makes it until the screen shows it.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cli.world import PROGRAM, environment
from tests.logs.ground import Ground
from tests.watch.test_watch import ARGV, FAST_S, PORT, STREAM, WITHIN_S, one

__all__ = ["one"]
TMUX = shutil.which("tmux")
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
    pytest.mark.skipif(os.environ.get("QTCTL_WATCH") != "all", reason="takes a minute: set QTCTL_WATCH=all"),
]
API = "shop-api.service"
LISTEN = f"import socket, time; s = socket.create_server(('127.0.0.1', {PORT})); time.sleep(99)"
LISTENS = f'systemd-run --quiet --unit=listens python3 -c "{LISTEN}"'
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Screen:
    """A tmux of its own, with one window in which the command runs."""

    argv: tuple[str, ...]

    def read(self) -> str:
        return subprocess.run([*self.argv, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout

    def wait(self, shown: str, within_s: float = WITHIN_S) -> float:
        """Until a line matches; the moment, in seconds since 1970."""
        until = time.monotonic() + within_s
        while not re.search(shown, text := self.read(), re.MULTILINE):
            assert time.monotonic() < until, f"{shown} is not on the screen:\n{text}"
            time.sleep(POLL_S)
        return time.time()


@contextmanager
def in_tmux(ground: Ground) -> Iterator[Screen]:
    assert TMUX is not None
    tmux = (TMUX, "-S", str(ground.folder / "tmux"), "-f", "/dev/null")
    size = ("-x", "160", "-y", "50")
    command = [*PROGRAM, *ARGV]
    started = [*tmux, "new-session", "-d", *size, *command]
    subprocess.run(started, cwd=ground.folder, env=environment(ground.folder), check=True)
    try:
        yield Screen(tmux)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def row(subject: str, state: str) -> str:
    """A line of the table, and none of the changes below it."""
    return rf"^log1 +{re.escape(subject)} +{re.escape(state)}"


def test_twenty_changes_are_on_the_screen_within_a_second_each(one: Ground) -> None:
    took: list[tuple[float, str]] = []
    port, group = f"tcp 127.0.0.1:{PORT}", f"{STREAM}/feed"
    with in_tmux(one) as screen:

        def change(script: str, shown: str) -> None:
            began = float(one.sh("log1", f"date +%s.%N; {script}").split()[0])
            took.append((screen.wait(shown) - began, script))

        screen.wait(row(API, "active (running)"))
        for number in range(1, 5):
            change(f"systemctl stop {API}", row(API, "inactive (dead)"))
            change(f"systemctl start {API}", row(API, "active (running)"))
            change(f"redis-cli XADD {STREAM} '*' a {number} >&2", row(group, f"{number} behind"))
        one.sh("log1", "pkill -KILL -u audit || :")
        screen.wait("connected → lost")
        one.sh("log1", f"systemctl stop {API}")
        screen.wait("lost → connected")
        screen.wait(row(API, "inactive (dead)"))
        for _ in range(4):
            change(LISTENS, row(port, "listening"))
            change("systemctl stop listens", row(port, "closed"))
    assert len(took) == 20
    assert max(took)[0] < FAST_S, sorted(took, reverse=True)[:5]
