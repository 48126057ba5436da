"""python -m tests.bench.control [ROUNDS]: status of a host and a restart of one service, beside ssh's own time.

Whole processes in turns, on a host with fifty services; medians are compared. Exit 1 where a ratio is over its aim.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench.deploys import forget_starts
from tests.bench.host import Bench, deployed
from tests.bench.timing import WARM_UP, Aim, Timed, over, run

ROUNDS = 11
SSH, SSH_RESTART = "ssh true", "ssh sudo systemctl restart"
STATUS, STATUS_ONE, RESTART = "qtctl status", "qtctl status, one service", "qtctl restart"
SERVICE, UNIT, OPERATOR = "ai-engine", "quantum-ai-engine.service", "ops"
AIMS = (Aim(STATUS, SSH, 1.5), Aim(STATUS_ONE, SSH, 1.5), Aim(RESTART, SSH_RESTART, 1.3))


def list_commands(bench: Bench) -> dict[str, list[str]]:
    host = ("--host", bench.name)
    as_operator = ["ssh", "-F", str(bench.ssh_config), "-l", OPERATOR, bench.name]
    return {
        SSH: bench.ssh("true"),
        STATUS: bench.qtctl("status", *host),
        STATUS_ONE: bench.qtctl("status", SERVICE, *host),
        SSH_RESTART: [*as_operator, f"sudo systemctl restart {UNIT}"],
        RESTART: bench.qtctl("restart", SERVICE, *host, "--yes"),
    }


def measure_control(bench: Bench, rounds: int) -> dict[str, Timed]:
    """The first rounds are not counted. Restarts follow each other faster than systemd allows without a reset."""
    commands = list_commands(bench)
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(WARM_UP + rounds):
        forget_starts(bench)
        for name, argv in commands.items():
            took = run(name, argv, bench.env)
            runs[name] += [took] if number >= WARM_UP else []
    return {name: Timed(tuple(wall for wall, _ in each), tuple(cpu for _, cpu in each)) for name, each in runs.items()}


def format_table(timed: dict[str, Timed], rounds: int) -> str:
    rows = (f"| {name} | {each.median * 1000:.0f} | {median(each.cpu) * 1000:.0f} |" for name, each in timed.items())
    ratios = (
        f"| {aim.what} / {aim.against} | {timed[aim.what].median / timed[aim.against].median:.2f} | {aim.times:g} |"
        for aim in AIMS
    )
    head = f"medians of {rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    lines = (head, "", "| process | ms | CPU here, ms |", "|---|--:|--:|", *rows, "")
    return "\n".join((*lines, "| ratio | here | aim |", "|---|--:|--:|", *ratios, ""))


def main(argv: Sequence[str]) -> int:
    rounds = int(argv[0]) if argv else ROUNDS
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as folder, deployed(Path(folder)) as bench:
        timed = measure_control(bench, rounds)
    sys.stdout.write(format_table(timed, rounds))
    missed = over(timed, AIMS)
    for what in missed:
        sys.stdout.write(f"over the aim: {what}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
