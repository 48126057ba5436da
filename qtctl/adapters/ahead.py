"""Something that is opened ahead of its use, in a thread of its own."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """What `make` gives. Nobody who does not ask for it waits for it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []
        self._error: BaseException | None = None
        # A daemon: nothing that hangs on a host keeps the process from ending.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self, deadline_s: float) -> T:
        """Wait for the result, or raise the function's own error. TimeoutError if neither comes in time."""
        self._thread.join(deadline_s)
        if self._error is not None:
            raise self._error
        if not self._made:
            raise TimeoutError(f"not there in {deadline_s:g} s")
        return self._made[0]

    def _run(self) -> None:
        try:
            self._made.append(self._make())
        except BaseException as error:  # noqa: BLE001 - raised again by `result`, in the thread that asks for it
            self._error = error
