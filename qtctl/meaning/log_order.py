"""In which order lines of several hosts are shown: by time, each moved by how far its host's clock is off."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush, merge

from qtctl.model.log_line import ClockOffset, LogLine

Exchange = tuple[int, int, int]
"""When a host was asked for its time, what it answered, and when the answer came. Microseconds since the epoch."""


def measure_offset(exchanges: Sequence[Exchange]) -> ClockOffset:
    """From the quickest exchange: the host read its clock at some moment between question and answer."""
    sent, told, came = min(exchanges, key=lambda each: each[2] - each[0])
    return ClockOffset(told - (sent + came) // 2, max(0, came - sent + 1) // 2)


def merge_by_time(hosts: Iterable[Iterable[LogLine]], most: int | None = None) -> list[LogLine]:
    """All lines by time; lines of one host stay in the order of its journal. `most`: only the last so many."""
    merged = merge(*hosts, key=lambda line: line.at)
    return list(merged if most is None else deque(merged, maxlen=most))


class Reorder:
    """Lines that arrive from several hosts, each held for a while in case an earlier one of another host follows.

    Lines of one host keep their order. Time is passed in, in seconds of any clock that only goes forward.
    """

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._held: list[tuple[int, int, LogLine]] = []
        self._arrived: deque[tuple[float, int, int]] = deque()
        self._newest: dict[str, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._held)

    def add(self, line: LogLine, now_s: float) -> None:
        place = max(line.at, self._newest.get(line.host, line.at))
        self._newest[line.host] = place
        self._count += 1
        heappush(self._held, (place, self._count, line))
        self._arrived.append((now_s, place, self._count))

    def take(self, now_s: float) -> Iterator[LogLine]:
        """Each line that was held long enough, after everything that is earlier than it."""
        while self._arrived and now_s - self._arrived[0][0] >= self._hold_s:
            _, *due = self._arrived.popleft()
            while self._held and [*self._held[0][:2]] <= due:
                yield heappop(self._held)[2]

    def take_all(self) -> Iterator[LogLine]:
        self._arrived.clear()
        while self._held:
            yield heappop(self._held)[2]
