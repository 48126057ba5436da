"""python -m tests.fuzz [TARGET ...] --minutes N: look for inputs that break a law, N minutes over all targets.

With atheris (`uv sync --group fuzz`) the search is led by what code an input reaches; without it inputs are made at
random. What is found lands in tests/fuzz/cases, where the tests run it from then on. Exit 1 where something was found.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.search import at_random, guided, with_atheris, within
from tests.fuzz.target import CASES, Target
from tests.fuzz.targets import TARGETS

CORPUS = Path(".fuzz")
WITHOUT = "atheris is not installed here (uv sync --group fuzz): inputs are made at random, led by no coverage\n"


def main() -> int:
    given = _arguments()
    if given.engine == "random":
        sys.stdout.write(WITHOUT if not guided() else "")
    before = _kept()
    chosen = [TARGETS[name] for name in given.targets or TARGETS]
    share = given.minutes * 60 / len(chosen)
    for target in chosen:
        sys.stdout.write(f"{target.name}: {share:.0f} s, {given.engine}\n")
        sys.stdout.flush()
        _search(target, given.engine, share, given.corpus)
    found = {path: content for path, content in _kept().items() if before.get(path) != content}
    for path in sorted(found):
        sys.stdout.write(f"found: {path}\n")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", metavar="TARGET", nargs="*", choices=[*TARGETS, []], help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=60.0, help="of all targets together (default: 60)")
    parser.add_argument("--engine", choices=("atheris", "random"), default="atheris" if guided() else "random")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="where atheris keeps what reached new code")
    return parser.parse_args()


def _search(target: Target, engine: str, seconds: float, corpus: Path) -> None:
    if engine == "atheris":
        with_atheris(target, seconds, corpus)
        return
    seed = time.time_ns() % 2**32
    tried, found = at_random(target, seed, within(seconds))
    sys.stdout.write(f"{target.name}: {tried} inputs from seed {seed}\n")
    if found:
        sys.stdout.write(f"{found.path}: {found.why}\n")


def _kept() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(CASES.rglob("*")) if path.is_file()}


if __name__ == "__main__":
    sys.exit(main())
