"""What every family of probes needs in order to ask, and to note answers: one look at one host."""

from dataclasses import dataclass

from qtctl.collect.ledger import Ledger
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host
from qtctl.model.inquiry import Inquiry

LEAST_S = 0.05


class Deadline:
    """One deadline for all that is asked."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds, never 0: an answer that is already there can still be read."""
        return max(LEAST_S, self._end - self._clock.monotonic())


@dataclass(frozen=True, slots=True)
class Observation:
    host: Host
    inquiry: Inquiry
    ledger: Ledger
    clock: Clock
    deadline: Deadline
