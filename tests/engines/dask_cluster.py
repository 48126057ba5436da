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
LIMIT_S = 60.0


class Cluster:
    """`options`: for scheduler and workers alike; `env`: variables of all of them."""

    def __init__(self, folder: Path, options: Sequence[str] = (), env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.options = tuple(options)
        self.env = dict(env or {})
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._file = folder / "scheduler.json"
        listens = ("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0")
        self.scheduler = self._start("scheduler", ("scheduler", *listens, "--scheduler-file", str(self._file)))
        wait_for(self._file.exists, f"no scheduler: {self.read_log('scheduler')}")
        self.address: str = json.loads(self._file.read_text())["address"]

    def add_worker(self, name: str, *, threads: int = 2, env: Mapping[str, str] | None = None) -> None:
        """Start it; `wait_for_workers` waits until it has joined."""
        argv = ("worker", "--scheduler-file", str(self._file), "--name", name, "--nthreads", str(threads))
        quiet = ("--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(self.folder / name))
        self.workers[name] = self._start(name, (*argv, *quiet), env)

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
                [sys.executable, DASK, *argv, *self.options],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT), **self.env, **(env or {})},
                cwd=self.folder,
            )


@contextmanager
def cluster(
    folder: Path, *names: str, options: Sequence[str] = (), env: Mapping[str, str] | None = None, threads: int = 2
) -> Iterator[Cluster]:
    folder.mkdir(parents=True, exist_ok=True)
    found = Cluster(folder, options, env)
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
