"""Cut deploys short many times: python -m tests.crash [--kind KIND] [--runs N] [--seed S] [--points HOW] [--out FILE].

Each run is a line of JSON: what happened, when, the caller's exit status, and what the host has afterwards. A run of
several kinds takes as many runs of each.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from qtctl.apply.generation import LEASE_S
from tests.crash.blows import BLOWS
from tests.crash.cuts import CORE, Cut, at_random
from tests.crash.ground import Ended, Ground
from tests.crash.kinds import KINDS

Struck = tuple[Cut, Ended]


def main() -> int:
    given = read_options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="qtctl-crash-") as folder:
        os.environ["QTCTL_STATE"] = folder
        for kind in given.kind or ["deploy"]:
            ground = Ground(f"qtcrash{os.getpid() % 1000}", KINDS[kind](), lease_s=given.lease)
            try:
                ground.boot()
                wrong += report(kind, choose(ground, given), given.out)
            finally:
                ground.down()
    return 1 if wrong else 0


def read_options() -> argparse.Namespace:
    options = argparse.ArgumentParser()
    options.add_argument("--kind", choices=tuple(KINDS), action="append")
    options.add_argument("--runs", type=int, default=len(BLOWS))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="blows with this in their name")
    options.add_argument("--points", choices=("kill", "off"), help="at each step in turn, instead of blows")
    options.add_argument("--from", type=int, default=1, dest="first")
    options.add_argument("--every", type=int, default=1)
    options.add_argument("--after", type=int, default=0, help="it happens at this step too")
    options.add_argument("--core", type=int, nargs=2, metavar=("SHARE", "OF"), help="runs of test_core.py")
    options.add_argument("--lease", type=int, default=LEASE_S, help="seconds that the host waits for its caller")
    options.add_argument("--out", type=Path)
    return options.parse_args()


def choose(ground: Ground, given: argparse.Namespace) -> Iterator[Struck]:
    if given.core:
        share, of = given.core
        return strike(ground, CORE[share::of])
    if given.points:
        return strike_at_each(ground, given)
    return strike(ground, at_random(given.runs, given.seed, given.only))


def strike(ground: Ground, cuts: Iterable[Cut]) -> Iterator[Struck]:
    named = {blow.name: blow for blow in BLOWS}
    for cut in cuts:
        if cut.points:
            yield cut, ground.strike_at(cut.points, cut.what)
        else:
            yield cut, ground.strike(named[cut.what], cut.share)


def strike_at_each(ground: Ground, given: argparse.Namespace) -> Iterator[Struck]:
    """Until there are no more steps."""
    before = (given.after,) if given.after else ()
    for point in range(max(given.first, given.after + 1), 10_000, given.every):
        points = (*before, point)
        ended = ground.strike_at(points, given.points)
        if len(ended.points) < len(points):
            return
        yield Cut(given.points, points=points), ended


def report(kind: str, struck: Iterable[Struck], out: Path | None) -> int:
    """How many were wrong."""
    counts: Counter[str] = Counter()
    started = time.monotonic()
    for cut, ended in struck:
        counts[f"exit {ended.code}, {ended.host or 'NEITHER'}"] += 1
        counts["wrong"] += bool(ended.wrong)
        row = {
            "kind": kind, "what": cut.what, "run": str(cut), "exit": ended.code, "host": ended.host,
            "wrong": ended.wrong, "steps": ended.points,
        }  # fmt: skip
        say(f"{json.dumps(row)} {time.monotonic() - started:.0f} s")
        if ended.wrong:
            say("\n".join((ended.said, *ended.wrong)))
        if out:
            with out.open("a") as lines:
                lines.write(json.dumps({**row, "said": ended.said if ended.wrong else ""}) + "\n")
    say(f"{kind}: {dict(counts)}")
    return counts["wrong"]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
