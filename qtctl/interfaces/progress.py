"""Where progress is reported; the cli shows it."""

from typing import Protocol

from qtctl.model.events import Event


class Progress(Protocol):
    """Called with each event as it happens, in the thread that does the work."""

    def __call__(self, event: Event, /) -> None: ...


def silent(event: Event) -> None:
    """Progress that nobody watches."""
