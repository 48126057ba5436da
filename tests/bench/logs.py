"""python -m tests.bench.logs [LINES]: how long `qtctl logs` takes for 100,000 lines from three lab hosts.

As root where the lab boots. The lines are written by the hosts' services, through their journals. Beside it: three raw
`ssh` commands in parallel that read the same lines, as text. Medians of some rounds; exit 1 where the aim is missed.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from qtctl.lab import lab
from tests.bench.figures import Figure, figures_table, missed_figures
from tests.bench.fleet import Cost, measure
from tests.cli.world import environment
from tests.logs.ground import SERVICES, Ground, boot
from tests.machine import own_lab

LINES = 100_000
ROUNDS = 5
AIM_S = 5.0
NAMES = ("log1", "log2", "log3")
WRITERS = {"log1": "api", "log2": "brain", "log3": "cache"}
AT_ONCE = 5_000
"""Lines that a host writes before journald is given time to store them."""


def write_lines(ground: Ground, lines: int) -> None:
    """A third on each host, from one service."""
    for name, service in WRITERS.items():
        share = lines // len(WRITERS) + (lines % len(WRITERS) if name == NAMES[0] else 0)
        for first in range(0, share, AT_ONCE):
            text = "".join(
                f"<{6 if number % 10 else 4}>request {number} of {service}: {number * 7919 % 1000} ms, all is well\n"
                for number in range(first, min(first + AT_ONCE, share))
            )
            ground.say(service, text.encode())


def run_raw(ground: Ground) -> float:
    began = time.monotonic()
    running = [
        subprocess.Popen(
            [
                "ssh", "-F", str(lab.write_ssh_config()), "-l", "audit", name,
                " ".join(("journalctl -q -o short-iso-precise", *(f"-u shop-{each}" for each in SERVICES))),
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name in ground.names
    ]  # fmt: skip
    for process in running:
        process.wait()
    return time.monotonic() - began


def main(argv: Sequence[str]) -> int:
    lines = int(argv[0]) if argv else LINES
    costs: list[Cost] = []
    raw: list[float] = []
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as name, own_lab(Path(name) / ".lab"):
        folder = Path(name)
        with boot(folder) as ground:
            write_lines(ground, lines)
            read = ground.argv(
                "logs", "--all-hosts", "--user", "audit", "--since", "-1d", "--registry", str(folder / "registry")
            )
            shown = subprocess.run(read, env=environment(folder), capture_output=True, check=True).stdout.count(b"\n")
            if shown < lines:
                raise SystemExit(f"{shown} lines were shown, of {lines}")
            for _ in range(ROUNDS):
                raw.append(run_raw(ground))
                costs.append(measure(read, environment(folder)))
    figures = [
        Figure("raw ssh to three hosts in parallel, ms", median(raw) * 1000, None),
        Figure(f"{lines:,} lines from three hosts, ms", median(each.wall_s for each in costs) * 1000, AIM_S * 1000),
        Figure("CPU here, ms", median(each.cpu_s for each in costs) * 1000, None),
        Figure("memory, MiB", max(each.peak for each in costs) / (1 << 20), None),
    ]
    sys.stdout.write(figures_table(figures))
    missed = missed_figures(figures)
    for what in missed:
        sys.stdout.write(f"over the aim: {what}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
