"""python -m tests.bench.growth: how the CPU of every reader of texts grows with its input.

Four times the input takes at most eight times the CPU, whatever there is more of: twice as much as linear, half as much
as quadratic. Exit 1 where something takes more.
"""

import sys
from collections.abc import Callable
from time import process_time

from tests.bench.growing import GROWTH
from tests.fuzz.targets import TARGETS

ROUNDS = 3
MORE = 4
AT_MOST = 8.0
ENOUGH_S = 0.05
"""Less than that is not told apart from the noise of a busy machine."""
LARGEST = 2**18


def growth(target: str, make: Callable[[int], bytes]) -> float:
    """How many times the CPU four times the input takes.

    Sizes are raised until the smaller one takes long enough to be measured, or there is a quarter of a megabyte.
    """
    count = 256
    took = _cpu(target, make, count)
    while took < ENOUGH_S and len(make(count * MORE)) < LARGEST:
        count *= 2
        took = _cpu(target, make, count)
    return _cpu(target, make, count * MORE) / max(took, ENOUGH_S / 2)


def _cpu(target: str, make: Callable[[int], bytes], count: int) -> float:
    """The least of some rounds: others on the machine only add to it."""
    data = make(count)
    return min(_once(target, data) for _ in range(ROUNDS))


def _once(target: str, data: bytes) -> float:
    begin = process_time()
    TARGETS[target].law(data)
    return process_time() - begin


def main() -> int:
    grown = {name: growth(*each) for name, each in GROWTH.items()}
    for name, times in sorted(grown.items(), key=lambda each: -each[1]):
        sys.stdout.write(f"{times:5.1f} times{' (over)' if times > AT_MOST else ''} {name}\n")
    return int(any(times > AT_MOST for times in grown.values()))


if __name__ == "__main__":
    sys.exit(main())
