"""Crash a deploy many times: python -m tests.crash [--runs N] [--seed S] [--points] [--only WORDS] [--out FILE].

Each run is a line of JSON: what happened, when, the caller's exit status, and what the host has afterwards.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.crash.caller import say
from tests.crash.ground import BLOWS, Ended, Ground

LONGEST_S = 6.0
"""A deploy of the small fleet takes about half of it on an idle machine."""


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=len(BLOWS))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--points", choices=("kill", "hang"))
    options.add_argument("--from", type=int, default=1, dest="first")
    options.add_argument("--only", default="")
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="qtctl-crash-") as folder:
        os.environ["QTCTL_STATE"] = folder
        ground = Ground(f"qtcrash{os.getpid() % 1000}")
        ground.boot()
        try:
            return report(_runs(ground, given), given.out)
        finally:
            ground.down()


def _runs(ground: Ground, given: argparse.Namespace) -> Iterator[tuple[str, Ended]]:
    if given.points:
        for point in range(given.first, 10_000):
            ended = ground.strike_at(point, given.points)
            if ended is None:
                return
            yield f"{given.points} at point {point}", ended
        return
    chance = random.Random(given.seed)  # noqa: S311
    blows = [blow for blow in BLOWS if given.only in blow.name]
    for number in range(given.runs):
        blow, delay_s = blows[number % len(blows)], chance.uniform(0.3, LONGEST_S)
        yield f"{blow.name} after {delay_s:.2f} s", ground.strike(blow, delay_s)


def report(runs: Iterator[tuple[str, Ended]], out: Path | None) -> int:
    counts: Counter[str] = Counter()
    started = time.monotonic()
    for name, ended in runs:
        counts[f"exit {ended.code}, {ended.version or 'NEITHER'}"] += 1
        counts["wrong"] += bool(ended.wrong)
        row = {"run": name, "exit": ended.code, "host": ended.version, "wrong": ended.wrong}
        say(f"{json.dumps(row)} {time.monotonic() - started:.0f} s")
        if ended.wrong:
            say("\n".join((ended.said, *ended.wrong)))
        if out:
            with out.open("a") as lines:
                lines.write(json.dumps(row) + "\n")
    say(str(dict(counts)))
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
