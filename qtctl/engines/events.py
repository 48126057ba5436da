"""How work reports its progress, in whichever process an engine runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from qtctl.interfaces.progress import Progress, silent
from qtctl.model.events import Event

_progress: ContextVar[Progress] = ContextVar("told", default=silent)


def tell(event: Event) -> None:
    """Report an event from the work. It is dropped if nobody listens."""
    _progress.get()(event)


@contextmanager
def send_events_to(progress: Progress) -> Iterator[None]:
    """Send the events of this block to `progress`."""
    token = _progress.set(progress)
    try:
        yield
    finally:
        _progress.reset(token)
