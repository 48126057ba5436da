"""Run a function in its own thread, so that this process can work while the thread waits for the network."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class BackgroundThread(Generic[T]):
    """Starts a function in a thread. Only `result` waits for it, and raises what it raised."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._value: list[T] = []
        self._error: BaseException | None = None
        # A daemon thread: one that hangs on a host does not keep the process from exiting.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self, deadline_s: float | None = None) -> T:
        """Wait for the value. TimeoutError if there is none after `deadline_s` seconds; None waits forever."""
        self._thread.join(deadline_s)
        if self._error is not None:
            raise self._error
        if not self._value:
            raise TimeoutError(f"not there in {deadline_s:g} s")
        return self._value[0]

    def _run(self) -> None:
        try:
            self._value.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised again by `result`, in the thread that asks for it
            self._error = error
