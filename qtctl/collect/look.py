"""What every family of probes needs in order to ask, and to note answers: one look at one host."""

from dataclasses import dataclass

from qtctl.collect.ledger import Ledger
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host
from qtctl.model.inquiry import Inquiry

LEAST_S = 0.05
BUS_SHARE, STORES_SHARE, HEALTH_SHARE = 0.7, 0.85, 0.95
"""By when the bus, the stores and health URLs must have answered: who is silent leaves time for those asked after it.

Commands have all of it. They run from the beginning, while the others are asked.
"""


class Deadline:
    """The moment by which every question must be answered, or is unknown."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._begin, self._seconds = clock.monotonic(), seconds

    def left(self, share: float = 1.0) -> float:
        """Seconds until that share of the time is over. Never 0: an answer that has already come can still be read."""
        return max(LEAST_S, self._begin + self._seconds * share - self._clock.monotonic())


@dataclass(frozen=True, slots=True)
class Observation:
    host: Host
    inquiry: Inquiry
    ledger: Ledger
    clock: Clock
    deadline: Deadline
