"""The engine that runs each piece of work in its own process, several at a time.

If a host hangs, crashes its process or never stops sending, only its own result is lost.
"""

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from qtctl.adapters.shared_jumps import SharedJumps, use_keeper
from qtctl.engines.child_process import ChildProcess, Receive, Send, WorkerEnded
from qtctl.engines.fork_server import ForkServer
from qtctl.engines.relay import Relay
from qtctl.engines.work import Work, await_result, serve
from qtctl.engines.worker import COLLECTING, LONGEST_S, connect_early, limit_memory

ASKING = ("qtctl.adapters.ssh", *COLLECTING)
P = ParamSpec("P")
T = TypeVar("T")


class Processes(Executor):
    """At most `workers` processes at a time.

    Work that takes longer than `longest_s` is ended, with a TimeoutError. A process that ends without an answer gives
    WorkerEnded. Time spent in the queue does not count. `preload`: modules that all work needs.
    """

    def __init__(
        self,
        workers: int,
        *,
        longest_s: float = LONGEST_S,
        preload: Sequence[str] = ASKING,
        serving: Callable[[Receive, Send], None] | None = None,
        apart: bool = False,
    ) -> None:
        self.events = Relay()
        self._longest_s = longest_s
        self._server = ForkServer(serving or _serve, preload, apart=apart)
        self._jumps: SharedJumps | None = None
        self._making_jumps = threading.Lock()
        self._children: set[ChildProcess] = set()
        self._threads = ThreadPoolExecutor(workers)
        self._ending = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        return self._threads.submit(self._run, Work(fn, args, kwargs))

    def share(self, fn: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """As `sharing.share`: the call is made once, in the process that all others are forked from."""
        self._server.call(Work(fn, args, kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """With `cancel_futures`, running processes are ended too, without waiting for any host."""
        self._ending = self._ending or cancel_futures
        self._threads.shutdown(wait=False, cancel_futures=cancel_futures)
        if cancel_futures:
            self._server.kill()
        if wait or cancel_futures:
            self._threads.shutdown()
            self._server.close()
            if self._jumps is not None:
                self._jumps.close()

    def _keep_jumps(self) -> str:
        """Where workers find the connections to jump hosts. Nothing is made for them before there is work."""
        with self._making_jumps:
            if self._jumps is None:
                self._jumps = SharedJumps()
            return self._jumps.path

    def _run(self, work: Work) -> Any:  # noqa: ANN401 - whatever the work returns
        child = self._server.start()
        self._children.add(child)
        try:
            if self._ending:
                raise WorkerEnded("shut down before it began")
            child.send(Work(_call, (self._keep_jumps(), *work), {}))
            return await_result(child, self.events, self._longest_s)
        finally:
            child.close()
            self._children.discard(child)


def _call(jumps: str, fn: Callable[..., T], args: tuple[object, ...], kwargs: Mapping[str, object]) -> T:
    """`jumps`: where the connections to jump hosts are kept for all workers."""
    use_keeper(jumps)
    return fn(*args, **kwargs)


def _serve(receive: Receive, send: Send) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as the server
    limit_memory()
    serve(receive, send, connect_early)
