"""The engine for work that changes hosts: it ends in good order, however this process is interrupted.

Ctrl-C at the terminal does not reach its processes. `interrupt` raises KeyboardInterrupt in all that are at work, and
each then ends as a deploy of a single host does: the host goes back, or was confirmed before.
"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from qtctl.engines.child_process import Receive, Send
from qtctl.engines.processes import Processes
from qtctl.engines.work import Announced, serve

PRELOAD = ("qtctl.adapters.ssh", "qtctl.api.rollout", "qtctl.rules.loaded_units")


class Changing(Processes):
    """At most `workers` processes at a time, each for at most `longest_s`."""

    def __init__(self, workers: int, *, longest_s: float, preload: Sequence[str] = PRELOAD) -> None:
        super().__init__(workers, longest_s=longest_s, preload=preload, serving=serve_changes, apart=True)

    def interrupt(self) -> None:
        for child in tuple(self._children):
            child.interrupt()


def serve_changes(receive: Receive, send: Send) -> None:
    """Without a limit of memory: what is installed on hosts passes through these processes."""
    serve(receive, send, _connect_later)


def _connect_later(_given: Announced) -> None:
    """A deploy makes its own connections."""


@contextmanager
def interruptible() -> Iterator[None]:
    """In a worker: from here on, an interrupt is raised. One that comes earlier ends the process."""
    signal.signal(signal.SIGINT, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _raise(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
