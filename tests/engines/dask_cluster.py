"""A real scheduler and real workers: processes on loopback, with ports that the system chooses."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.cli.world import ROOT

DASK = str(Path(sys.executable).parent / "dask")
LIMIT_S = 180.0


SCHEDULER = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
WORKER = ("worker", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")


class Cluster:
    """`env`: variables of scheduler and workers. `scheduler`, `worker`: their command lines, without the place of the
    scheduler."""

    def __init__(
        self,
        folder: Path,
        env: Mapping[str, str] | None = None,
        scheduler: Sequence[str] = SCHEDULER,
        worker: Sequence[str] = WORKER,
    ) -> None:
        self.folder = folder
        self._worker = tuple(worker)
        self.env = dict(env or {})
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", (*scheduler, "--scheduler-file", str(self._file)))
        wait_for(lambda: self._file.exists() and self._file.read_text().rstrip().endswith("}"), "no scheduler")
        self.address: str = json.loads(self._file.read_text())["address"]

    def add_worker(self, name: str, *, threads: int = 2, env: Mapping[str, str] | None = None) -> None:
        """Start it; `wait_for_workers` waits until it has joined."""
        place = ("--scheduler-file", str(self._file), "--local-directory", str(self.folder / name))
        self.workers[name] = self._start(name, (*self._worker, *place, "--name", name, "--nthreads", str(threads)), env)

    def wait_for_workers(self, *names: str) -> None:
        for name in names:
            wait_for(partial(self._has_joined, name), f"{name} has not joined")

    def _has_joined(self, name: str) -> bool:
        return "Registered to" in self.read_log(name)

    def read_log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def end(self) -> None:
        for process in (*self.workers.values(), self.scheduler):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def _start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, DASK, *argv],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT), **self.env, **(env or {})},
                cwd=self.folder,
            )


@contextmanager
def cluster(
    folder: Path,
    *names: str,
    env: Mapping[str, str] | None = None,
    threads: int = 2,
    scheduler: Sequence[str] = SCHEDULER,
    worker: Sequence[str] = WORKER,
) -> Iterator[Cluster]:
    folder.mkdir(parents=True, exist_ok=True)
    found = Cluster(folder, env, scheduler, worker)
    try:
        for name in names:
            found.add_worker(name, threads=threads)
        found.wait_for_workers(*names)
        yield found
    finally:
        found.end()


def wait_for(is_true: Callable[[], bool], otherwise: str = "") -> None:
    ends = time.monotonic() + LIMIT_S
    while not is_true():
        assert time.monotonic() < ends, otherwise
        time.sleep(0.05)


def copy_package(folder: Path, version: str) -> Path:
    """A folder with a copy of qtctl that has another version."""
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "qtctl", folder / "other" / "qtctl", ignore=without)
    (folder / "other" / "qtctl" / "version.py").write_text(f'VERSION = "{version}"\n')
    return folder / "other"
