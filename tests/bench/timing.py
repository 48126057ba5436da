"""Whole processes, timed in turns: wall clock and the CPU that they used here."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

WARM_UP = 2
"""Rounds that are not counted: modules are compiled, the login's user manager is started."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of each run: wall clock, and CPU of the process and its children."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.wall)


@dataclass(frozen=True, slots=True)
class Aim:
    """`what` takes at most `times` as long as `against`."""

    what: str
    against: str
    times: float


def measure(commands: Mapping[str, Sequence[str]], env: Mapping[str, str], rounds: int) -> dict[str, Timed]:
    """Run all commands in turn, `rounds` times. SystemExit where one fails."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(WARM_UP + rounds):
        for name, argv in commands.items():
            took = run(name, argv, env)
            if number >= WARM_UP:
                runs[name].append(took)
    return {name: Timed(tuple(wall for wall, _ in took), tuple(cpu for _, cpu in took)) for name, took in runs.items()}


def run(name: str, argv: Sequence[str], env: Mapping[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds of one process."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        argv, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise SystemExit(f"{name}: exit {process.returncode}\n{said.decode('utf-8', 'replace')[-2000:]}")
    return wall, used.ru_utime + used.ru_stime


def over(timed: Mapping[str, Timed], aims: Sequence[Aim]) -> list[str]:
    return [f"{aim.what}: {_ratio(timed, aim):.2f} times {aim.against}, at most {aim.times:g}"
            for aim in aims if _ratio(timed, aim) > aim.times]  # fmt: skip


def table(timed: Mapping[str, Timed], aims: Sequence[Aim], services: int, rounds: int) -> str:
    """Markdown, as docs/benchmarks.md shows it."""
    lines = [
        f"{services} services, medians of {rounds} rounds, {os.cpu_count()} cores",
        "",
        "| process | median, ms | fastest, ms | CPU, ms |",
        "|---|--:|--:|--:|",
        *(
            f"| {name} | {each.median * 1000:.0f} | {min(each.wall) * 1000:.0f} | {median(each.cpu) * 1000:.0f} |"
            for name, each in timed.items()
        ),
        "",
        "| ratio | here | aim |",
        "|---|--:|--:|",
        *(f"| {aim.what} / {aim.against} | {_ratio(timed, aim):.2f} | {aim.times:g} |" for aim in aims),
        f"| qtctl audit / raw ssh | {timed['qtctl audit'].median / timed['raw ssh'].median:.2f} | |",
        "",
    ]
    return "\n".join(lines)


def _ratio(timed: Mapping[str, Timed], aim: Aim) -> float:
    return timed[aim.what].median / timed[aim.against].median
