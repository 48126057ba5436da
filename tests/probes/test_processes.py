"""How many processes a host starts for a look: no more for fifty paths, programs or users than for five.

Counted where it runs, in a process namespace of its own: its last process id.
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from qtctl.model.evidence import Need
from qtctl.probes import accounts, files, filesystems, ways
from qtctl.probes.batch import Probe, make_script
from tests.probes.host import MARKER

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a process namespace")

FEW, MANY = 5, 50


def processes(probe: Probe) -> int:
    text = make_script(probe.commands, MARKER) + '\nread -r _ _ _ _ last </proc/loadavg\necho "$last"\n'
    alone = ("unshare", "--pid", "--fork", "--mount-proc", "sh", "-s")
    done = subprocess.run(alone, input=text.encode(), capture_output=True, check=True, cwd="/")
    return int(done.stdout.split()[-1])


def programs(folder: Path, count: int) -> Sequence[Need]:
    for number in range(count):
        path = folder / f"program-{number}"
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return [Need("way", f"{folder}/program-{number}") for number in range(count)]


def named(fact: str, count: int) -> list[Need]:
    lines = Path("/etc/passwd").read_text("utf-8").splitlines()
    return [Need(fact, name) for name in sorted({line.partition(":")[0] for line in lines} - {"root"})[:count]]


def paths(fact: str, folder: Path, count: int) -> list[Need]:
    return [Need(fact, f"{folder}/{number}") for number in range(count)]


ASKED: dict[str, Callable[[Path, int], Probe]] = {
    "programs": lambda folder, count: ways.probe(programs(folder, count)),
    "users": lambda _, count: ways.probe(named("user", count)),
    "files": lambda folder, count: files.probe(paths("file", folder, count)),
    "file systems": lambda folder, count: filesystems.probe(paths("filesystem", folder, count)),
    "accounts": lambda _, count: accounts.probe(named("account", count), []),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_more_of_the_same_starts_no_more_processes(tmp_path: Path, asked: Callable[[Path, int], Probe]) -> None:
    few, many = (processes(asked(tmp_path, count)) for count in (FEW, MANY))
    assert few == many
