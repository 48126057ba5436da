"""The engine that does each piece of work in a process of its own, several at a time.

A host that hangs, crashes its process or sends without end costs its own result and no other's.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from qtctl.engines.child_process import Receive, Send
from qtctl.engines.fork_server import ForkServer
from qtctl.engines.relay import Relay
from qtctl.engines.work import Work, result, serve
from qtctl.engines.worker import COLLECTING, LONGEST_S, connect_early, hold_memory

P = ParamSpec("P")
T = TypeVar("T")


class Processes(Executor):
    """At most `workers` processes at a time. Make it before starting threads.

    Work that takes longer than `longest_s` is ended, with a TimeoutError; where a process ends without an answer, the
    error is WorkerEnded. What is waiting in a queue takes none of that time.
    """

    def __init__(self, workers: int, *, longest_s: float = LONGEST_S) -> None:
        self.events = Relay()
        self._longest_s = longest_s
        self._server = ForkServer(_work, ("qtctl.adapters.ssh", *COLLECTING))
        self._threads = ThreadPoolExecutor(workers)
        self._shut = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        return self._threads.submit(self._run, Work(fn, args, kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        if wait and not self._shut:
            self._shut = True
            self._server.close()

    def _run(self, work: Work) -> Any:  # noqa: ANN401 - whatever the work returns
        child = self._server.start()
        try:
            child.send(work)
            return result(child, self.events, self._longest_s)
        finally:
            child.close()


def _work(receive: Receive, send: Send) -> None:
    hold_memory()
    serve(receive, send, connect_early)
