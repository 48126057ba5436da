"""Runs as data: what happens, and when. `CORE`: those of each run of the tests."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.crash.blows import BLOWS

LATEST = 1.1
"""The last blows come after the end of a deploy."""


@dataclass(frozen=True)
class Cut:
    """A blow, after this share of the time that a deploy takes; or `kill` or `off`, at these steps of the scripts."""

    what: str
    share: float = 0.0
    points: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.points:
            return f"{self.what} at step {', '.join(map(str, self.points))}"
        return f"{self.what} at {self.share:.0%}"


def at_random(runs: int, seed: int, only: str) -> Iterator[Cut]:
    """Each blow in turn."""
    chance = random.Random(seed)  # noqa: S311
    blows = [blow.name for blow in BLOWS if only in blow.name]
    for number in range(runs):
        yield Cut(blows[number % len(blows)], chance.uniform(0.02, LATEST))


MOMENTS = {blow.name: 0.25 + 0.07 * number for number, blow in enumerate(BLOWS)}
KILLED_AT = (5, 36, 53, 77)
OFF_AT = (33, 57, 83)
CORE = (
    *(Cut(name, share) for name, share in MOMENTS.items()),
    *(Cut("kill", points=(point,)) for point in KILLED_AT),
    *(Cut("off", points=(point,)) for point in OFF_AT),
)
"""Each blow at one moment, and some of the steps of staging, of applying, and of what comes after the confirmation."""
