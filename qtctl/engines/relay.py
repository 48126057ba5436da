"""Pass events from the threads of an engine to a watcher."""

import threading
from typing import TYPE_CHECKING

from qtctl.interfaces.progress import Progress
from qtctl.model.events import Event

if TYPE_CHECKING:
    from concurrent.futures import Executor


class Relay:
    """Passes events on one at a time, from any thread. Keeps them until there is a watcher."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Event] = []
        self._progress: Progress | None = None

    def __call__(self, event: Event) -> None:
        with self._lock:
            if self._progress is None:
                self._kept.append(event)
            else:
                self._progress(event)

    def watch(self, progress: Progress) -> None:
        with self._lock:
            self._progress = progress
            for event in self._kept:
                progress(event)
            self._kept.clear()


def watch(engine: "Executor", progress: Progress) -> None:
    """Pass the events of work in this engine to `progress`. Executors that are not ours report none."""
    events = getattr(engine, "events", None)
    if isinstance(events, Relay):
        events.watch(progress)
