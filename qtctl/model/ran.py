"""What a host has recorded of the files that its processes have read."""

from dataclasses import dataclass, field
from enum import StrEnum


class RanState(StrEnum):
    NONE = "none"
    """Nothing is recorded about this process: only times can be compared."""
    SAME = "same"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Ran:
    """Of the present process of one unit. `differs`: the files that are not what it has read.

    `ctimes`: path → when it was last changed in any way, in seconds since the epoch; where nothing is recorded.
    """

    state: RanState = RanState.NONE
    differs: tuple[str, ...] = ()
    ctimes: dict[str, int] = field(default_factory=dict)


UNRECORDED = Ran()
