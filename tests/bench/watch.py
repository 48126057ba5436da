"""python -m tests.bench.watch [SECONDS]: what `qtctl watch` costs when nothing happens, per host, on the caller.

As root where the lab boots: three hosts with five services, a port and a stream. Exit 1 where the aim is missed.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Figure, figures_table, missed_figures
from tests.cli.world import PROGRAM, environment
from tests.logs.ground import boot
from tests.machine import own_lab
from tests.watch.test_watch import declare_more, prepare_more

SECONDS = 30
SETTLES_S = 10
AIM = 1.0
HOSTS = 3


def read_cpu(pid: int) -> float:
    """Seconds of processor time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main(argv: Sequence[str]) -> int:
    seconds = int(argv[0]) if argv else SECONDS
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as name, own_lab(Path(name) / ".lab"):
        folder = Path(name)
        with boot(folder, behind="") as ground:
            declare_more(folder / "registry")
            for each in ground.names:
                prepare_more(ground, each)
            with (folder / "out").open("wb") as out:
                process = subprocess.Popen(
                    [*PROGRAM, "watch", "--all-hosts", "--user", "audit", "--format", "jsonl"],
                    cwd=folder,
                    env=environment(folder),
                    stdout=out,
                    stderr=subprocess.DEVNULL,
                )
                while (folder / "out").read_text().count('"after":"connected"') < HOSTS:
                    time.sleep(0.2)
                time.sleep(SETTLES_S)
                before = read_cpu(process.pid)
                time.sleep(seconds)
                used = read_cpu(process.pid) - before
                process.kill()
                process.wait()
    figures = [Figure("hundredths of a percent of a core for each host", used / seconds / HOSTS * 1e4, AIM * 100)]
    sys.stdout.write(figures_table(figures))
    missed = missed_figures(figures)
    for what in missed:
        sys.stdout.write(f"over the aim: {what}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
