"""`python -m tests.adopt`: every directive in every shape, a unit each. All of it takes some twenty minutes."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from qtctl.interfaces.progress import silent
from qtctl.lab import lab
from qtctl.model.tree import Tree
from tests.adopt.shapes import SHAPES, Case, Result, cases, chunks, judge
from tests.machine import own_lab

Group = tuple[str, str, tuple[str, ...], bool]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.adopt", description=__doc__)
    parser.add_argument("--host", help="a lab host that is there; else one is booted, of QTCTL_TEST_SUITE")
    parser.add_argument("--kind", action="append", default=[], help="Service, Socket, Target …")
    parser.add_argument("--key", action="append", default=[], help="a directive")
    parser.add_argument("--shape", action="append", default=[], choices=sorted(SHAPES))
    parser.add_argument("--at-once", type=int, default=1, help="directives in a unit")
    given = parser.parse_args()
    those = list(cases(given.kind, given.key, given.shape, at_once=given.at_once))
    if given.host:
        return report(given.host, those)
    name = f"shapes{os.getpid() % 100000}"
    with tempfile.TemporaryDirectory() as state, own_lab(Path(state)):
        lab.up([name], Tree(), stands_for="one", progress=silent, suite=os.environ.get("QTCTL_TEST_SUITE"))
        try:
            return report(name, those)
        finally:
            lab.down([name])


def report(host: str, those: list[Case]) -> int:
    """Of each directive the shapes in which it is not the same; how many cases differ. The exit code."""
    found: dict[Group, list[Result]] = {}
    loaded = 0
    for chunk in chunks(those):
        for result in judge(host, chunk):
            loaded += result.loads
            if result.bad:
                case = result.case
                found.setdefault((case.kind, case.section, case.keys, case.dropin), []).append(result)
    for (kind, section, keys, dropin), results in found.items():
        shapes = " ".join(result.case.shape for result in results)
        sys.stdout.write(f"{kind} [{section}] {' '.join(keys)}, {'drop-in' if dropin else 'unit'}: {shapes}\n")
        for told in dict.fromkeys(_told(result) for result in results):
            sys.stdout.write(f"    {told}\n")
    differing = sum(map(len, found.values()))
    sys.stdout.write(f"{len(those)} cases, {loaded} of them loaded by systemd, {differing} with a difference\n")
    return 1 if found else 0


def _told(result: Result) -> str:
    if result.left_out:
        return "not adopted"
    wrong = "; ".join(f"{one.property} {one.before!r} → {one.after!r}" for one in result.wrong)
    return f"{result.case.shape}: {wrong} | {'; '.join(result.claimed)}"


if __name__ == "__main__":
    sys.exit(main())
