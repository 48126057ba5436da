"""python -m tests.bench.deploys [ROUNDS]: deploys and rollbacks of fifty services, beside ssh's own time.

A round changes the environment of five services, deploys that (they restart), deploys again (nothing to change, and
what the registry declares is kept from an audit), and rolls back (they restart again). No time is spent on watching
services that have come up: `--steady 0`, and hardly a delay between restarts. Exit 1 where something is over its aim:
medians are compared, in turns.
"""

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from qtctl.lab import lab
from tests.bench.figures import Figure, figures_table, missed_figures
from tests.bench.host import Bench, deployed
from tests.bench.timing import Timed, run

ROUNDS = 9
CHANGED = 5
SSH, NOTHING, SOME, BACK = (
    "ssh true",
    "deploy, nothing to change",
    "deploy, 5 of 50 restart",
    "rollback, 5 of 50 restart",
)
SWITCH = r"""cd /var/lib/qtctl && home=$(readlink current) &&
awk -F '\t' -v began="$(stat -c %.9Y "$home/steps")" -v ended="$(stat -c %.9Y trail)" '
  $2 == "state" && $3 == "armed" { armed = $1 }
  $2 == "state" && $3 == "confirmed" { confirmed = $1 }
  END { print armed - began + ended - confirmed }' "$home/journal"
"""
"""From the unpacking of what was sent to the arming, and from the confirmation to the end of the transaction."""


def drop_restart_delay(bench: Bench) -> None:
    """A service is watched for twice this delay, whatever --steady says."""
    file = bench.registry / "fleet.toml"
    text = file.read_text()
    if 'restart_sec = "5s"' not in text:
        raise SystemExit("fleet.toml has no restart_sec to shorten")
    file.write_text(text.replace('restart_sec = "5s"', 'restart_sec = "100ms"'))


def change_five(bench: Bench, value: str) -> None:
    """Another value in the environment of five services, which no other change goes with."""
    files = sorted((bench.registry / "services").glob("bench-*.toml"))[:CHANGED]
    if len(files) < CHANGED:
        raise SystemExit(f"{len(files)} services can be changed, {CHANGED} are needed")
    for file in files:
        text = re.sub(r"^env = .*\n", "", file.read_text(), flags=re.MULTILINE)
        file.write_text(f'env = {{ BENCH_ROUND = "{value}" }}\n{text}')


class Measured(NamedTuple):
    """`switch_s`: of each deploy, how long the host staged and armed a generation, and confirmed and finished it."""

    timed: dict[str, Timed]
    switch_s: tuple[float, ...]


def measure_deploys(bench: Bench, rounds: int) -> Measured:
    """Whole processes, in turns. The first round is not counted."""
    deploy = bench.qtctl("deploy", "--host", bench.name, "--yes", "--steady", "0")
    back = bench.qtctl("rollback", "--host", bench.name, "--yes", "--steady", "0")
    audit = bench.qtctl("audit", "--host", bench.name, "--only", "QT201")
    drop_restart_delay(bench)
    for value in ("before", "begin"):
        change_five(bench, value)
        run("deploy", deploy, bench.env)
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in (SSH, NOTHING, SOME, BACK)}
    switch = []
    for number in range(rounds + 1):
        change_five(bench, str(number))
        forget_starts(bench)
        took = {SSH: run(SSH, bench.ssh("true"), bench.env), SOME: run(SOME, deploy, bench.env)}
        switch += [read_switch(bench)] if number else []
        run("audit", audit, bench.env)
        took[NOTHING] = run(NOTHING, deploy, bench.env)
        took[BACK] = run(BACK, back, bench.env)
        for name, each in took.items():
            runs[name] += [each] if number else []
    timed = {name: Timed(tuple(wall for wall, _ in each), tuple(cpu for _, cpu in each)) for name, each in runs.items()}
    return Measured(timed, tuple(switch))


def forget_starts(bench: Bench) -> None:
    """Rounds follow each other faster than systemd lets a unit start again and again."""
    lab.execute(bench.name, ["systemctl", "reset-failed", *bench.units])


def read_switch(bench: Bench) -> float:
    """Seconds, by the times of what the host has written last."""
    done = lab.execute(bench.name, ["sh", "-c", SWITCH])
    return float(done.stdout)


def list_figures(measured: Measured) -> list[Figure]:
    timed = measured.timed
    ssh = timed[SSH].median
    return [
        Figure(f"{SSH}, ms", ssh * 1000, None),
        Figure(f"{NOTHING}, ms (aim: 3 times {SSH})", timed[NOTHING].median * 1000, 3 * ssh * 1000),
        Figure(f"{SOME}, ms", timed[SOME].median * 1000, 2500),
        Figure(f"{BACK}, ms", timed[BACK].median * 1000, 2000),
        Figure("of that deploy, staging, arming, confirming and finishing, ms", median(measured.switch_s) * 1000, 400),
        *(Figure(f"CPU of {name}, here, ms", median(each.cpu) * 1000, None) for name, each in timed.items()),
    ]


def main(argv: Sequence[str]) -> int:
    rounds = int(argv[0]) if argv else ROUNDS
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as folder, deployed(Path(folder)) as bench:
        figures = list_figures(measure_deploys(bench, rounds))
    sys.stdout.write(figures_table(figures))
    missed = missed_figures(figures)
    for what in missed:
        sys.stdout.write(f"over the aim: {what}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
