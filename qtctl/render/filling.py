"""The values for a template. Shipped templates are filled in this process, a user's by a function that is passed in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qtctl.errors import InputError


@dataclass(frozen=True, slots=True)
class Filling:
    """`values` by the names that the template has for them, for the file that is named `subject` in errors.

    `specifiers`: a `%` in the values is systemd's.
    """

    template: str
    subject: str
    values: Mapping[str, object]
    specifiers: bool = False


Filled: TypeAlias = str | InputError
"""The text, or an error: one about the template has a place in it, one about a value has none."""
Fill: TypeAlias = Callable[[Mapping[str, str], Sequence[Filling]], Iterable[Filled]]
"""Template texts by file name, and fillings → one answer each, in their order.

InputError if a template exceeds its time or memory.
"""


class OwnTemplates(Mapping[str, str]):
    """Texts by file name that did not ship with qtctl, and the only function that may fill them."""

    def __init__(self, texts: Mapping[str, str], fill: Fill) -> None:
        self._texts = dict(texts)
        self._fill = fill

    def fill(self, fillings: Sequence[Filling]) -> Iterable[Filled]:
        return self._fill(self._texts, fillings)

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)
