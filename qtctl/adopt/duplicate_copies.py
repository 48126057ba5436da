"""Which of several copies of a unit is used: as the operator prefers, as systemd would, else by a fixed rule."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

SEARCHED = (
    "etc/systemd/system.control", "etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system",
    "usr/lib/systemd/system", "lib/systemd/system",
)  # fmt: skip
"""Where systemd looks for units; the first one wins."""


class Copy(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def content(self) -> bytes: ...


C = TypeVar("C", bound=Copy)


@dataclass(frozen=True, slots=True)
class Rule:
    """`prefer`: shell patterns of paths; the first match wins. `crowd`: folder → its number of unit files."""

    prefer: tuple[str, ...]
    crowd: Counter[str]

    def choose(self, copies: Sequence[C]) -> tuple[C, str]:
        """The copy to use, and why it rather than the next best; `copies` is not empty."""
        ranked = sorted(copies, key=self._rank)
        if len(ranked) == 1:
            return ranked[0], "the only copy"
        return ranked[0], self._explain(ranked[0], ranked[1])

    def _rank(self, copy: Copy) -> tuple[int, int, int, int, str]:
        folder = PurePosixPath(copy.path).parent
        return (
            next((n for n, pattern in enumerate(self.prefer) if fnmatchcase(copy.path, pattern)), len(self.prefer)),
            _rank_folder(folder),
            -self.crowd[str(folder)],
            len(folder.parts),
            copy.path,
        )

    def _explain(self, first: Copy, second: Copy) -> str:
        differs = [one != other for one, other in zip(self._rank(first), self._rank(second), strict=True)]
        folder = PurePosixPath(first.path).parent
        reasons = (
            "preferred by --prefer",
            f"systemd would read the one in {folder} first",
            f"its folder {folder} holds the most units",
            "it lies higher in the tree",
            "its path comes first in the alphabet",
        )
        return next(reason for reason, differ in zip(reasons, differs, strict=True) if differ)


def make_rule(paths: Iterable[str], prefer: tuple[str, ...]) -> Rule:
    """`paths` of all unit files."""
    return Rule(prefer, Counter(str(PurePosixPath(path).parent) for path in paths))


def _rank_folder(folder: PurePosixPath) -> int:
    text = f"/{folder.parent if folder.name.endswith('.d') else folder}"
    return next((n for n, known in enumerate(SEARCHED) if text.endswith(f"/{known}")), len(SEARCHED))
