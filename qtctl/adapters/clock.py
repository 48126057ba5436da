"""The machine's own clock."""

import time


class SystemClock:
    """qtctl.interfaces.clock.Clock, by the system's clock."""

    def now(self) -> float:
        """UTC seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
