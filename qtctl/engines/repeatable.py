"""Functions that an engine may run twice: engines that lose a machine run its work again elsewhere."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_MARK = "_qtctl_repeatable"


def repeatable(function: Callable[P, T]) -> Callable[P, T]:
    """Mark a function that only reads: running it once more changes nothing."""
    setattr(function, _MARK, True)
    return function


def is_repeatable(function: Callable[..., object]) -> bool:
    return getattr(function, _MARK, False) is True
