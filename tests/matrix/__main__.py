"""python -m tests.matrix [--suite S] [--only GLOB] [--pairs N]: make every situation on lab hosts, and compare.

What was run stays in .matrix: a run that was interrupted goes on where it ended, and a situation that was changed since
is run again; --again runs all. --keep puts the last run of each suite into the repository: tests/matrix/results.json,
from which docs/matrix.md is generated.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.live.box import Box
from tests.matrix import hosts
from tests.matrix.results import ROOT, SEED, Run, keep, load_work, save_work
from tests.matrix.run import NotHealedError, faults_of, run
from tests.matrix.situation import SUITES, Situation, choose, draw_pairs, read_all

WORK = ROOT / ".matrix"
PAIRS = 40


def main() -> int:
    given = _arguments()
    if given.keep:
        keep(WORK)
        return 0
    os.environ.setdefault("QTCTL_STATE", str(hosts.folder(WORK / "lab")))
    os.environ.setdefault("QTCTL_KEEP", str(hosts.folder(WORK / "kept")))
    wrong = 0
    for suite in given.suite or SUITES:
        wrong += _run_suite(suite, given)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--suite", action="append", choices=[*SUITES], help="a release, repeatable (default: all)")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="names or families of situations")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"random pairs beside them (default: {PAIRS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the pairs (default: {SEED})")
    parser.add_argument("--again", action="store_true", help="also what was run before")
    parser.add_argument("--wrong", action="store_true", help="also what was run before and was wrong")
    parser.add_argument("--keep", action="store_true", help="only put what was run into the repository")
    return parser.parse_args()


def _run_suite(suite: str, given: argparse.Namespace) -> int:
    """How many were wrong."""
    path = WORK / f"{suite}.json"
    path.parent.mkdir(exist_ok=True)
    work = load_work(path)
    if why := hosts.why_no_root(suite):
        _say(f"{suite}: not run: {why}")
        save_work(path, work | {"not_run": why})
        return 0
    box = hosts.make(suite)
    every = read_all()
    chosen = choose(every, given.only, suite)
    pairs = draw_pairs(choose(every, (), suite), given.pairs, given.seed) if not given.only else ()
    groups: list[tuple[Situation, ...]] = [*((each,) for each in chosen), *pairs]
    work |= {"suite": suite, **hosts.versions(box), "date": f"{datetime.now(UTC):%Y-%m-%d}", "seed": given.seed}
    work.pop("not_run", None)
    wrong = 0
    for number, group in enumerate(groups, 1):
        name, digest = " + ".join(each.name for each in group), " ".join(each.digest for each in group)
        before = work["situations"].get(name, {})
        if before.get("digest") == digest and not given.again and not (given.wrong and [*faults_of(before)]):
            continue
        box, record = _run_one(box, suite, group)
        work["situations"][name] = {"digest": digest, **record}
        save_work(path, work)
        said = [*faults_of(record)]
        wrong += bool(said)
        _say(
            f"{suite} {number}/{len(groups)} {name}: {record['seconds']} s" + "".join(f"\n    {each}" for each in said)
        )
    return wrong


def _run_one(box: Box, suite: str, group: Sequence[Situation]) -> tuple[Box, Run]:
    record: Run = {}
    try:
        record = run(box, suite, group)
    except (NotHealedError, AssertionError) as error:
        return hosts.make(suite), {"expected": [], "seconds": 0, "error": f"not healed: {error}"}
    return box, record


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
