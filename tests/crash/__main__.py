"""Cut deploys short many times: python -m tests.crash [--kind KIND] [--runs N] [--seed S] [--points HOW] [--out FILE].

Each run is a line of JSON: what happened, when, the caller's exit status, and what the host has afterwards. A run of
several kinds takes as many runs of each.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.crash.ground import BLOWS, Ended, Ground
from tests.crash.kinds import KINDS

LONGEST_S = 5.0
"""A deploy of the small fleet takes about half of it on an idle machine."""


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--kind", choices=tuple(KINDS), action="append")
    options.add_argument("--runs", type=int, default=len(BLOWS))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--points", choices=("kill", "hang"))
    options.add_argument("--from", type=int, default=1, dest="first")
    options.add_argument("--every", type=int, default=1)
    options.add_argument("--only", default="")
    options.add_argument("--longest", type=float, default=LONGEST_S)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="qtctl-crash-") as folder:
        os.environ["QTCTL_STATE"] = folder
        for kind in given.kind or ["deploy"]:
            ground = Ground(f"qtcrash{os.getpid() % 1000}", KINDS[kind]())
            try:
                ground.boot()
                wrong += report(kind, _runs(ground, given), given.out)
            finally:
                ground.down()
    return 1 if wrong else 0


def _runs(ground: Ground, given: argparse.Namespace) -> Iterator[tuple[str, Ended]]:
    if given.points:
        for point in range(given.first, 10_000, given.every):
            ended = ground.strike_at(point, given.points)
            if ended is None:
                return
            yield f"{given.points} at point {point}", ended
        return
    chance = random.Random(given.seed)  # noqa: S311
    blows = [blow for blow in BLOWS if given.only in blow.name]
    for number in range(given.runs):
        blow, delay_s = blows[number % len(blows)], chance.uniform(0.1, given.longest)
        yield f"{blow.name} after {delay_s:.2f} s", ground.strike(blow, delay_s)


def report(kind: str, runs: Iterator[tuple[str, Ended]], out: Path | None) -> int:
    """How many were wrong."""
    counts: Counter[str] = Counter()
    started = time.monotonic()
    for name, ended in runs:
        counts[f"exit {ended.code}, {ended.host or 'NEITHER'}"] += 1
        counts["wrong"] += bool(ended.wrong)
        row = {"kind": kind, "run": name, "exit": ended.code, "host": ended.host, "wrong": ended.wrong}
        say(f"{json.dumps(row)} {time.monotonic() - started:.0f} s")
        if ended.wrong:
            say("\n".join((ended.said, *ended.wrong)))
        if out:
            with out.open("a") as lines:
                lines.write(json.dumps(row) + "\n")
    say(f"{kind}: {dict(counts)}")
    return counts["wrong"]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
