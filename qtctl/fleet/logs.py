"""Journals of several hosts at the same time, each in a thread: either everything, or new lines as they come."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Event, Lock, Thread
from typing import cast

from qtctl.collect.logs import POLL_S, OpenJournal, make_unknown, read_all
from qtctl.engines.connect import connect
from qtctl.errors import HostError, NameUnknown, Refused
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.stream import StreamingHost
from qtctl.meaning.log_order import Reorder
from qtctl.model.log_line import HostLog, LogLine, LogRequest, LogState, Units
from qtctl.model.route import Route

MOST_LINES = 500_000
"""Of all hosts together, if lines are not followed: about 300 MiB."""
HOLD_S = 0.4
"""For lines that are followed: how long one waits for an earlier one of another host."""
BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Pauses before each further attempt to connect; the last one for all that follow."""
WAITING_LINES = 20_000
"""Of all hosts: if the reader of the output is slower, the hosts are read more slowly."""


@dataclass(frozen=True, slots=True)
class LogTask:
    """One host: how it is reached, and its units whose lines are wanted."""

    route: Route
    units: Units


def read_logs(
    tasks: Sequence[LogTask], request: LogRequest, clock: Clock, *, at_once: int, deadline_s: float
) -> Iterator[HostLog]:
    """The answer of each host, in the order of the tasks. A host that gives none has one that says why."""
    room = _Room(MOST_LINES)

    def read(task: LogTask) -> HostLog:
        try:
            with connect(task.route) as host:
                return read_all(
                    cast("StreamingHost", host), task.units, request, clock, deadline_s=deadline_s, room=room
                )
        except HostError as error:
            return make_unknown(task.route.target, error)

    pool = ThreadPoolExecutor(at_once)
    try:
        yield from pool.map(read, tasks)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Room:
    """Room for a number of lines, shared by all threads."""

    def __init__(self, most: int) -> None:
        self._left, self._lock = most, Lock()

    def __call__(self, lines: int) -> bool:
        with self._lock:
            self._left -= lines
            return self._left >= 0


Followed = LogLine | HostLog
"""A line; or what became of a host: COMPLETE when its lines begin to come, UNKNOWN when they stop for a reason."""


def follow_logs(
    tasks: Sequence[LogTask], request: LogRequest, clock: Clock, *, at_once: int, stopped: Callable[[], bool]
) -> Iterator[Followed]:
    """Lines as they are written, in order across hosts, until `stopped` or no host is left to be followed.

    A host whose connection is lost is connected to again, and goes on after its last line. One that refuses is not.
    """
    queue: SimpleQueue[Followed] = SimpleQueue()
    stop, gate = Event(), BoundedSemaphore(at_once)
    threads = [
        Thread(
            target=_Follower(task, request, clock, queue=queue, stop=stop, gate=gate).run,
            daemon=True,
            name=task.route.target,
        )
        for task in tasks
    ]
    for thread in threads:
        thread.start()
    order = Reorder(HOLD_S)
    try:
        while not stopped():
            yield from _take_arrived(queue, order, clock)
            yield from order.take(clock.monotonic())
            if queue.empty() and not any(thread.is_alive() for thread in threads):
                break
        yield from _take_arrived(queue, order, clock)
        yield from order.take_all()
    finally:
        stop.set()


def _take_arrived(queue: "SimpleQueue[Followed]", order: Reorder, clock: Clock) -> Iterator[HostLog]:
    """Put the lines that have arrived in order; waits a moment for the first."""
    with suppress(Empty):
        arrived = queue.get(timeout=HOLD_S / 4)
        for _ in range(WAITING_LINES):
            if isinstance(arrived, HostLog):
                yield arrived
            else:
                order.add(arrived, clock.monotonic())
            arrived = queue.get_nowait()


class _Follower:
    """One host, in its own thread."""

    def __init__(
        self,
        task: LogTask,
        request: LogRequest,
        clock: Clock,
        *,
        queue: "SimpleQueue[Followed]",
        stop: Event,
        gate: BoundedSemaphore,
    ) -> None:
        self._task, self._request, self._clock = task, request, clock
        self._queue, self._stop, self._gate = queue, stop, gate
        self._cursor = ""
        self._failed = 0

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (Refused, NameUnknown) as error:
                self._tell(error)
                return
            except HostError as error:
                self._tell(error)
            pause_s = BACK_OFF_S[min(self._failed, len(BACK_OFF_S) - 1)]
            self._failed += 1
            self._stop.wait(pause_s)

    def _follow(self) -> None:
        with self._gate:
            host = connect(self._task.route)
        with host:
            request = replace(self._request, lines=None) if self._cursor else self._request
            found = cast("StreamingHost", host)
            journal = OpenJournal(found, self._task.units, request, self._clock, after=self._cursor)
            try:
                self._failed = 0
                self._queue.put(HostLog(self._task.route.target, LogState.COMPLETE, clock=journal.clock))
                self._read(journal)
            finally:
                journal.close()

    def _read(self, journal: OpenJournal) -> None:
        while not self._stop.is_set():
            some = journal.read(POLL_S)
            if some is None:
                raise HostError("journalctl ended", hint="was it killed?")
            for line in some:
                self._cursor = line.cursor or self._cursor
                self._queue.put(line)
            while self._queue.qsize() > WAITING_LINES and not self._stop.is_set():
                self._stop.wait(POLL_S)

    def _tell(self, error: HostError) -> None:
        self._queue.put(make_unknown(self._task.route.target, error))
