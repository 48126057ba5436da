"""The engine that does each piece of work in a process of its own, several at a time.

A host that hangs, crashes its process or sends without end costs its own result and no other's.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from qtctl.engines.child_process import ChildProcess, Receive, Send, WorkerEnded
from qtctl.engines.fork_server import ForkServer
from qtctl.engines.relay import Relay
from qtctl.engines.work import Work, result, serve
from qtctl.engines.worker import COLLECTING, LONGEST_S, connect_early, hold_memory

ASKING = ("qtctl.adapters.ssh", *COLLECTING)
P = ParamSpec("P")
T = TypeVar("T")


class Processes(Executor):
    """At most `workers` processes at a time.

    Work that takes longer than `longest_s` is ended, with a TimeoutError; where a process ends without an answer, the
    error is WorkerEnded. Waiting for a free process takes none of that time. `preload`: modules that all work needs.
    """

    def __init__(self, workers: int, *, longest_s: float = LONGEST_S, preload: Sequence[str] = ASKING) -> None:
        self.events = Relay()
        self._longest_s = longest_s
        self._server = ForkServer(_work, preload)
        self._threads = ThreadPoolExecutor(workers)
        self._children: set[ChildProcess] = set()
        self._ending = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        return self._threads.submit(self._run, Work(fn, args, kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """With `cancel_futures`, processes at work are ended, too: no host is waited for."""
        self._ending = self._ending or cancel_futures
        self._threads.shutdown(wait=False, cancel_futures=cancel_futures)
        if cancel_futures:
            for child in tuple(self._children):
                child.end()
        if wait or cancel_futures:
            self._threads.shutdown()
            self._server.close()

    def _run(self, work: Work) -> Any:  # noqa: ANN401 - whatever the work returns
        child = self._server.start()
        self._children.add(child)
        try:
            if self._ending:
                raise WorkerEnded("shut down before it began")
            child.send(work)
            return result(child, self.events, self._longest_s)
        finally:
            child.close()
            self._children.discard(child)


def _work(receive: Receive, send: Send) -> None:
    hold_memory()
    serve(receive, send, connect_early)
