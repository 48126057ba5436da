"""A deploy that is cut short ends by itself, as new and verified or as old and verified.

Each blow comes once, and at some steps of the host's scripts these are killed, or the power goes. The runs take place
beside each other, on a few hosts: most of the time they wait. At other moments, at each step, of other commands, and as
often as one likes: python -m tests.crash.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.cuts import CORE, Cut

pytestmark = pytest.mark.lab

HOSTS = 3
LEASE_S = 4
WITHIN_S = 400


class Runs:
    """The core's runs, and what became of those that have ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all = [self._start(share) for share in range(HOSTS)]

    def _start(self, share: int) -> subprocess.Popen[bytes]:
        command = (
            sys.executable, "-m", "tests.crash", "--core", str(share), str(HOSTS), "--lease", str(LEASE_S), "--out",
            str(self._folder / f"{share}.jsonl"),
        )  # fmt: skip
        with (self._folder / f"{share}.log").open("wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def await_row(self, cut: Cut) -> dict[str, Any]:
        share = CORE.index(cut) % HOSTS
        until = time.monotonic() + WITHIN_S
        while True:
            ended = self._all[share].poll() is not None
            row = next((row for row in self._read(share) if row["run"] == str(cut)), None)
            if row is not None:
                return row
            if ended or time.monotonic() > until:
                pytest.fail(f"{cut} was not run: {(self._folder / f'{share}.log').read_text()[-2000:]}")
            time.sleep(0.1)

    def _read(self, share: int) -> Iterator[dict[str, Any]]:
        rows = self._folder / f"{share}.jsonl"
        return (json.loads(line) for line in rows.read_text().splitlines()) if rows.is_file() else iter(())

    def end(self) -> None:
        for each in self._all:
            if each.poll() is None:
                each.send_signal(signal.SIGTERM)
        for each in self._all:
            each.wait(60)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    started = Runs(tmp_path_factory.mktemp("crash"))
    try:
        yield started
    finally:
        started.end()


@pytest.mark.parametrize("cut", [cut for cut in CORE if not cut.points], ids=str)
def test_a_blow(runs: Runs, cut: Cut) -> None:
    row = runs.await_row(cut)
    assert row["wrong"] == [], row["said"]


@pytest.mark.parametrize("cut", [cut for cut in CORE if cut.points], ids=str)
def test_a_script_that_is_killed(runs: Runs, cut: Cut) -> None:
    row = runs.await_row(cut)
    assert row["steps"], "there are fewer steps"
    assert row["wrong"] == [], row["said"]
