"""Progress as events; the cli shows them."""

from typing import Protocol


class Progress(Protocol):
    def __call__(self, what: str) -> None:
        """`what` is one short line: what is being done now."""
        ...
