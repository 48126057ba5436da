"""Did you mean: which of the known names a mistyped one was meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100
"""Characters. What is longer is no mistyped name."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is one slip of the keyboard away, or most like it; "" where none is close."""
    if len(name) > _LONGEST:
        return ""
    names = [each for each in known if each and each != name]
    folded = _folded(name)
    same = next((each for each in names if _folded(each) == folded), "")
    return same or next((each for each in names if _one_slip(name, each)), "") or _like(name, names)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """As a hint; "" where nothing is close."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else ""


def _folded(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _one_slip(name: str, other: str) -> bool:
    """A letter too many or too few, another letter, or two that changed places; of names of three letters or more."""
    if abs(len(name) - len(other)) > 1 or max(len(name), len(other)) <= 2:  # noqa: PLR2004
        return False
    start = next((at for at, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))
    a, b = name[start:], other[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _like(name: str, names: list[str]) -> str:
    return next(iter(get_close_matches(name, names, n=1)), "")
