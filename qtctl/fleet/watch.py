"""Several hosts, watched at the same time, each in a thread that connects again when its connection is lost."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Event, Thread
from typing import cast

from qtctl.collect.watching import HostWatch
from qtctl.engines.connect import connect
from qtctl.errors import HostError
from qtctl.fleet.logs import BACK_OFF_S
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.stream import StreamingHost
from qtctl.meaning.watch_view import merge_view
from qtctl.model.desired_store import DesiredStore
from qtctl.model.route import Route
from qtctl.model.secret import Secret
from qtctl.model.watch import CONNECTED, LOST, Change, Kind, View, Watched

MOMENT_S = 0.2


@dataclass(frozen=True, slots=True)
class WatchTask:
    """One host: how it is reached, what of it is watched, and its stores with their passwords."""

    route: Route
    watched: Watched
    stores: Mapping[str, DesiredStore]
    passwords: Mapping[str, Secret]


def watch_hosts(
    tasks: Sequence[WatchTask], clock: Clock, *, at_once: int, stopped: Callable[[], bool]
) -> Iterator[tuple[Change, ...]]:
    """What changed, as soon as it is known, until `stopped`; an empty tuple for each moment without a change.

    What a host is like when it is first seen comes as changes from nothing. A host whose connection is lost is
    connected to again, after longer and longer pauses; what had changed meanwhile follows.
    """
    queue: SimpleQueue[tuple[Change, ...]] = SimpleQueue()
    stop, gate = Event(), BoundedSemaphore(at_once)
    for task in tasks:
        Thread(target=_Watcher(task, clock, queue=queue, stop=stop, gate=gate).run, daemon=True).start()
    try:
        while not stopped():
            found: tuple[Change, ...] = ()
            with suppress(Empty):
                found = queue.get(timeout=MOMENT_S)
            yield found
    finally:
        stop.set()


class _Watcher:
    """One host, in its own thread."""

    def __init__(
        self,
        task: WatchTask,
        clock: Clock,
        *,
        queue: "SimpleQueue[tuple[Change, ...]]",
        stop: Event,
        gate: BoundedSemaphore,
    ) -> None:
        self._task, self._clock, self._queue, self._stop, self._gate = task, clock, queue, stop, gate
        self._view: View = {}
        self._failed = 0

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch()
            except HostError as error:
                self._lose(error)
            pause_s = BACK_OFF_S[min(self._failed, len(BACK_OFF_S) - 1)]
            self._failed += 1
            self._stop.wait(pause_s)

    def _watch(self) -> None:
        with self._gate:
            host = connect(self._task.route)
        with host:
            found = cast("StreamingHost", host)
            task = self._task
            watch = HostWatch(found, task.watched, task.stores, task.passwords, self._clock)
            try:
                self._merge({(Kind.HOST, ""): CONNECTED, **watch.begin()})
                self._failed = 0
                while not self._stop.is_set():
                    self._merge(watch.wait())
            finally:
                watch.close()

    def _merge(self, seen: View) -> None:
        self._view, changes = merge_view(self._task.route.target, self._view, seen, self._clock.now())
        if changes:
            self._queue.put(changes)

    def _lose(self, error: HostError) -> None:
        target = self._task.route.target
        before = self._view.get((Kind.HOST, ""), "")
        self._view = {**self._view, (Kind.HOST, ""): LOST}
        if before != LOST:
            why = error.describe_beside(target)
            self._queue.put((Change(self._clock.now(), target, Kind.HOST, "", before, LOST, why),))
