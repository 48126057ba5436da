"""Did you mean: the known name that a mistyped one was probably meant to be."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property

_LONGEST = 100
"""Characters. Anything longer is not a mistyped name."""
_MOST_COMPARED = 500
"""Known names that a name is compared with letter by letter. Names one slip away are found among any number."""
_MOST_SEARCHES = 50


class Suggestion(str):
    """A hint that says what was probably meant."""

    __slots__ = ()


def suggest_name(meant: str) -> Suggestion:
    return Suggestion(f"did you mean {meant}?")


class Known:
    """Known names, for many questions: after the first few, only slips are recognised."""

    def __init__(self, names: Iterable[str]) -> None:
        """If several names are equally near, the first one is meant."""
        self._names = tuple(names)
        self._searches = 0

    def find_nearest(self, name: str) -> str:
        """The name in another spelling, one slip of the keyboard away, or most similar; "" if none is near."""
        if len(name) > _LONGEST or not name:
            return ""
        same = self._folded.get(_fold(name))
        return same or self._find_one_slip_from(name) or self._find_like(name)

    def suggest(self, name: str) -> str:
        """The nearest name as a hint; "" if none is near."""
        near = self.find_nearest(name)
        return suggest_name(near) if near else ""

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {_fold(each): each for each in reversed(self._names)}

    @cached_property
    def _shortened(self) -> dict[str, list[str]]:
        """Each name, and each name with one letter dropped → the names that it comes from."""
        found: dict[str, list[str]] = {}
        for each in self._names:
            for part in {each, *_list_dropped(each)} if len(each) <= _LONGEST else ():
                found.setdefault(part, []).append(each)
        return found

    def _find_one_slip_from(self, name: str) -> str:
        found = [each for part in (name, *_list_dropped(name)) for each in self._shortened.get(part, ())]
        near = [each for each in found if _measure_slip(name, each) and max(len(name), len(each)) > 2]  # noqa: PLR2004
        return min(near, key=lambda each: (_measure_slip(name, each), self._names.index(each)), default="")

    def _find_like(self, name: str) -> str:
        if self._searches >= _MOST_SEARCHES or len(self._names) > _MOST_COMPARED:
            return ""
        self._searches += 1
        return next(iter(get_close_matches(name, self._names, n=1)), "")


def find_nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name, for a single question."""
    return Known(known).find_nearest(name)


def is_slip(name: str, other: str) -> bool:
    """Whether one is the other with another spelling or a typo."""
    return bool(other) and (_fold(name) == _fold(other) or _measure_slip(name, other) > 0)


def _fold(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _list_dropped(name: str) -> Iterator[str]:
    return (name[:at] + name[at + 1 :] for at in range(len(name)))


def _measure_slip(name: str, other: str) -> int:
    """1: a letter too many or too few, or two swapped; 2: a wrong letter; 0: equal, or a larger difference."""
    start = next((at for at, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))
    a, b = name[start:], other[start:]
    if a != b and (a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])):
        return 1
    return 2 if a != b and a[1:] == b[1:] else 0
