"""An engine for one host that starts before there is any work.

An SSH login takes as long as everything else that we do. So a process is forked first, before typer is loaded. It loads
its libraries while this process checks the registry; it receives the route first, and connects while the rest of the
inquiry is unpickled. It never connects without a route. This saves a quarter of an audit (docs/benchmarks.md) and costs
this file and `early_worker`: for callers it is an ordinary executor.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.engines.child_process import ChildProcess
from qtctl.engines.relay import Relay
from qtctl.engines.work import Announced, Purpose, Work, await_result
from qtctl.engines.worker import LONGEST_S
from qtctl.model.route import Route

P = ParamSpec("P")
T = TypeVar("T")


class EarlyConnection(Executor):
    """Runs work in `child`, a process from `early_worker`, one piece after the other.

    Work that takes longer than `longest_s`, seconds, ends the process, with a TimeoutError.
    """

    def __init__(self, child: ChildProcess, *, longest_s: float = LONGEST_S) -> None:
        self.events = Relay()
        self._child = child
        self.longest_s = longest_s
        self._sent: SimpleQueue[Future[Any] | None] = SimpleQueue()
        self._answers: BackgroundThread[None] | None = None
        self._shut = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        if self._shut:
            raise RuntimeError("no work is taken after shutdown")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        for route in (getattr(arg, "route", None) for arg in args):
            if isinstance(route, Route):
                self.announce(route)
        self._child.send(Work(fn, args, kwargs))
        self._sent.put(future)
        if self._answers is None:
            self._answers = BackgroundThread(self._read)
        return future

    def announce(self, route: Route, purpose: Purpose = Purpose.AUDIT) -> None:
        """Have it connect before there is work."""
        self._child.send(Announced(route, purpose))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the process: with `wait` after all submitted work, otherwise at once."""
        if self._shut:
            return
        self._shut = True
        self._sent.put(None)
        if not wait or cancel_futures:
            self._child.end()
        if self._answers is not None:
            self._answers.result()
        self._child.close()

    def _read(self) -> None:
        for future in iter(self._sent.get, None):
            try:
                future.set_result(await_result(self._child, self.events, self.longest_s))
            except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
                future.set_exception(error)
