"""What the process that fills a user's own templates may use, and how it answers."""

from dataclasses import dataclass

MIB = 1024 * 1024
TEXT_MAX = MIB
"""Characters of one text."""
WHAT_MAX = 500
"""Characters of one error."""

MEMORY_EXIT = 3
"""Exit status of a process that had no memory left to report even that."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory` and `answer` in bytes, `cpu` and `wall` in seconds."""

    memory: int
    cpu: int
    wall: int
    answer: int


def compute_limits(fillings: int, given: int) -> Limits:
    """The limits for this many fillings of `given` bytes in all. They grow only with the registry."""
    return Limits(
        memory=512 * MIB + 8 * given,
        cpu=5 + fillings // 100,
        wall=60 + fillings // 10,
        answer=32 * MIB + 16 * 1024 * fillings,
    )
