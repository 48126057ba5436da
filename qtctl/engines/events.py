"""How work that an engine runs tells of its progress: in which process it runs makes no difference to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from qtctl.interfaces.progress import Progress, silent
from qtctl.model.events import Event

_told: ContextVar[Progress] = ContextVar("told", default=silent)


def tell(event: Event) -> None:
    """To be called by the work. Nothing happens where nobody listens."""
    _told.get()(event)


@contextmanager
def telling(progress: Progress) -> Iterator[None]:
    """Within, what is told goes to `progress`."""
    token = _told.set(progress)
    try:
        yield
    finally:
        _told.reset(token)
