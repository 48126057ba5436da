"""python -m tests.bench [ROUNDS]: how long qtctl's commands take, beside ssh's own time to the same host.

`qtctl audit, first` is an audit for which nothing is kept of an earlier one of the same registry. Then the CPU that an
audit takes here, what it makes the host start, how many checks a second the rules alone make of its evidence, and how
large that is.

Everything is measured in turns, round after round, so that a busy machine slows all of it alike; medians are compared.
Exit 1 where a ratio is over its aim, or a command fails.
"""

import sys
import tempfile
from pathlib import Path

from tests.bench.figures import figures_table, measure_figures, missed_figures
from tests.bench.host import Bench, deployed
from tests.bench.timing import Aim, Timed, measure, over, table

ROUNDS = 15
SHOWN = (
    "Id,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,DropInPaths,NeedDaemonReload,Wants,Requires,After,"
    "ActiveEnterTimestamp,Type,Result,MainPID,ExecMainCode,ExecMainStatus,ExecMainStartTimestamp,NRestarts,User,"
    "WorkingDirectory,ExecStart"
)
AIMS = (Aim("qtctl audit", "ssh true", 2.2), Aim("qtctl --version", "python -c pass", 6.0))


def commands(bench: Bench) -> dict[str, list[str]]:
    raw = f"systemctl show 'quantum-*' -p {SHOWN}; ss -H -lntu --cgroup; sha256sum {' '.join(bench.files)}"
    audit = bench.qtctl("audit", "--host", bench.name, "--format", "json")
    return {
        "ssh true": bench.ssh("true"),
        "raw ssh": bench.ssh(raw),
        "qtctl audit": audit,
        "qtctl audit, first": ["env", "QTCTL_KEEP=off", *audit],
        "python -c pass": [sys.executable, "-c", "pass"],
        "qtctl --version": bench.qtctl("--version"),
        "qtctl lint": bench.qtctl("lint"),
    }


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as folder, deployed(Path(folder)) as bench:
        timed: dict[str, Timed] = measure(commands(bench), bench.env, rounds)
        sys.stdout.write(table(timed, AIMS, len(bench.units), rounds))
        figures = measure_figures(bench, Path(folder), timed["qtctl audit"])
        sys.stdout.write(figures_table(figures))
    missed = [*over(timed, AIMS), *missed_figures(figures)]
    for what in missed:
        sys.stdout.write(f"over the aim: {what}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
