"""qtctl watch on a real host: changes appear within a second, across a dropped connection."""

import json
import os
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qtctl.lab.lab import execute
from tests.cli.terminal import on_terminal, seen
from tests.cli.world import PROGRAM, environment
from tests.logs.ground import Ground, boot
from tests.machine import own_lab

pytestmark = pytest.mark.lab

WITHIN_S = 30.0
"""Until something is seen at all: machines are busy."""
FAST_S = 1.0
"""Of most changes: what a person calls at once. The rest may meet a busy moment of the machine."""
PORT, STREAM = 8123, "shop:orders"
ARGV = ("watch", "--host", "log1", "--user", "audit")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A host with two services; one declares a port, and consumes a stream."""
    folder = tmp_path_factory.mktemp("watch")
    with own_lab(folder / ".lab"), boot(folder, behind="", names=("log1",)) as ground:
        declare_more(folder / "registry")
        prepare_more(ground, "log1")
        yield ground


def prepare_more(ground: Ground, name: str) -> None:
    ground.sh(name, "systemctl start redis-server; until redis-cli ping; do sleep 0.1; done")
    ground.sh(name, f"redis-cli XGROUP CREATE {STREAM} feed $ MKSTREAM")


def declare_more(registry: Path) -> None:
    """A port and a stream that the service feed consumes."""
    (registry / "externals.toml").write_text('[redis-server]\nsummary = "Redis"\n')
    (registry / "stores.toml").write_text('[redis]\nexternal = "redis-server"\n')
    (registry / "streams.toml").write_text(f'["{STREAM}"]\ntype = "stream"\nsummary = "s"\n')
    with (registry / "services/feed.toml").open("a") as file:
        file.write(f'ports = {{ http = {{ listen = "127.0.0.1:{PORT}" }} }}\n')
        file.write(f'[streams.consumes]\n"{STREAM}" = {{ group = "feed", max_lag = 10 }}\n')


class Watching:
    """The command, and the changes that it printed."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process, self._rest = process, b""
        self.changes: list[dict[str, Any]] = []

    def wait(self, kind: str, subject: str, after: str, within_s: float = WITHIN_S) -> float:
        """Read on until such a change; seconds that it took."""
        began, pipe = time.monotonic(), self._process.stdout
        assert pipe is not None
        while True:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                change = json.loads(line)
                self.changes.append(change)
                if (change["kind"], change["subject"]) == (kind, subject) and re.search(after, change["after"]):
                    return time.monotonic() - began
            left = began + within_s - time.monotonic()
            assert left > 0, (kind, subject, after, self.changes[-5:])
            if select.select([pipe], [], [], left)[0]:
                piece = os.read(pipe.fileno(), 65536)
                assert piece, self._process.stderr
                self._rest += piece


@contextmanager
def watching(ground: Ground) -> Iterator[Watching]:
    process = subprocess.Popen(
        [*PROGRAM, *ARGV, "--format", "jsonl"],
        cwd=ground.folder,
        env=environment(ground.folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Watching(process)
    finally:
        process.kill()
        process.communicate()


def start(script: str) -> None:
    done = execute("log1", ["sh", "-euc", script])
    assert done.returncode == 0, done.stderr


def test_changes_of_every_kind_across_a_dropped_connection(one: Ground) -> None:
    """Twenty changes, of units, restarts, lag and ports; in the middle, sshd's session is killed."""
    took = []
    api = "shop-api.service"
    with watching(one) as seen_:
        seen_.wait("port", f"tcp 127.0.0.1:{PORT}", "closed")
        assert {each["kind"] for each in seen_.changes} == {"host", "unit", "restarts", "lag", "port"}
        for number in range(1, 5):
            start(f"systemctl stop {api}")
            took.append(seen_.wait("unit", api, r"^inactive \(dead\)"))
            start(f"systemctl start {api}")
            took.append(seen_.wait("unit", api, r"^active \(running\)"))
            start(f"redis-cli XADD {STREAM} '*' a {number}")
            took.append(seen_.wait("lag", f"{STREAM}/feed", f"^{number} behind"))
        start("pkill -KILL -u audit || :")
        seen_.wait("host", "", "lost")
        start(f"systemctl stop {api}")
        seen_.wait("host", "", "connected")
        assert any(each["subject"] == api and each["after"].startswith("inactive") for each in seen_.changes) or (
            seen_.wait("unit", api, "^inactive") >= 0
        ), "what changed meanwhile follows"
        listen = f"import socket, time; s = socket.create_server(('127.0.0.1', {PORT})); time.sleep(99)"
        for _ in range(4):
            start(f'systemd-run --quiet --unit=listens python3 -c "{listen}"')
            took.append(seen_.wait("port", f"tcp 127.0.0.1:{PORT}", "^listening"))
            start("systemctl stop listens")
            took.append(seen_.wait("port", f"tcp 127.0.0.1:{PORT}", "^closed"))
    assert len(took) == 20
    assert sorted(took)[len(took) // 2] < FAST_S, took


def test_a_terminal(one: Ground) -> None:
    """The table is drawn again when something changes, and a lost connection is said."""
    with on_terminal(one.folder, *ARGV) as (ours, _):
        assert "shop-feed.service" in seen(ours, "active (running)", WITHIN_S)
        start("systemctl stop shop-feed")
        screen = seen(ours, "inactive (dead)", WITHIN_S)
        start("pkill -KILL -u audit || :")
        screen += seen(ours, "connected → lost", WITHIN_S)
        start("systemctl start shop-feed")
        screen += seen(ours, "lost → connected", WITHIN_S)
        assert "Traceback" not in screen
