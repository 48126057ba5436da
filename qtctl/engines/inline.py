"""The engine that runs work at once, in this process."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from qtctl.engines.events import send_events_to
from qtctl.engines.relay import Relay

P = ParamSpec("P")
T = TypeVar("T")


class Inline(Executor):
    """`submit` returns when the work is done. An interrupt is raised there and does not become a result."""

    def __init__(self) -> None:
        self.events = Relay()
        self._shut = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        if self._shut:
            raise RuntimeError("no work is taken after shutdown")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            with send_events_to(self.events):
                future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - as its base
        self._shut = True
