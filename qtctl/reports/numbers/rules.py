"""Where the numbers of a report come from, as data: the rows that a number counts, adds up or is read from.

A path is a JSON pointer in which `*` stands for any step, and `**` at its end for any steps. In the paths of its items,
`{0}`, `{1}` … stand for what the stars of the number's own path matched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Test = object
"""A value that a field must have, a tuple of such values, or a function of the field's value."""
Terms = Callable[[tuple[int | float, ...]], int | float]


class How(StrEnum):
    """How a number is obtained."""

    COUNTED = "counted"
    """The count of the items."""
    ADDED = "added up"
    """The sum of one number from each item."""
    COMPUTED = "computed"
    """By a formula from other numbers of the report, which are the items."""
    SEEN = "seen"
    """Read from the answer to a question: the item has it."""
    DECLARED = "declared"
    """Written by a person, in a registry or another file: the item has it."""
    SAID = "said"
    """Given by qtctl: a version, an exit code, a line."""


@dataclass(frozen=True, slots=True)
class Items:
    """Rows of the report. `where`: field of a row → what it must be.

    A field's name may have steps in it (`systemd/active`); `` is the row itself, `#0` what the first star of `path`
    matched. `number`: the field that is added up or computed with. `label`: the fields that name a row; else its own.
    `given`, `lacking`: a pointer at which there must be something, or nothing, for these items to count.
    """

    path: str
    where: Mapping[str, Test] = field(default_factory=dict)
    number: str = ""
    label: tuple[str, ...] = ()
    given: str = ""
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """The numbers at `path`. `what`: what they mean, in words, with `{0}` as in the items.

    `stands`: if the field at the first path is set, the row at the second stands for everything that is counted.
    """

    path: str
    how: How
    what: str
    items: tuple[Items, ...] = ()
    compute: Terms | None = None
    stands: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A kind of report. `required` and `optional`: its keys, by which it is recognized. `command`: what writes it."""

    name: str
    command: str
    required: frozenset[str]
    optional: frozenset[str]
    numbers: tuple[Number, ...]
    version: int = 1
    about: str = "host"
    at: str = "taken_at"


def split_keys(names: str) -> frozenset[str]:
    """Split names that are separated by spaces."""
    return frozenset(names.split())


def is_none_of(*values: object) -> Callable[[object], bool]:
    return lambda found: found not in values


def is_set(found: object) -> bool:
    return found is not None and found != ""


def begins_with(*starts: str) -> Callable[[object], bool]:
    return lambda found: isinstance(found, str) and found.startswith(starts)


def is_below(limit: int) -> Callable[[object], bool]:
    return lambda found: isinstance(found, int) and not isinstance(found, bool) and found < limit


def is_above(limit: int) -> Callable[[object], bool]:
    return lambda found: isinstance(found, int) and not isinstance(found, bool) and found > limit


def count(path: str, what: str, *items: Items, stands: tuple[str, str] | None = None) -> Number:
    return Number(path, How.COUNTED, what, items, stands=stands)


def add(path: str, what: str, *items: Items) -> Number:
    return Number(path, How.ADDED, what, items)


def compute(path: str, what: str, terms: Terms, *items: Items) -> Number:
    return Number(path, How.COMPUTED, what, items, terms)


def seen(path: str, what: str, item: str, *label: str) -> Number:
    return Number(path, How.SEEN, what, (Items(item, label=label),))


def declared(path: str, what: str, item: str, *label: str) -> Number:
    return Number(path, How.DECLARED, what, (Items(item, label=label),))


def said(path: str, what: str) -> Number:
    return Number(path, How.SAID, what)


SCHEMA = said("/schema_version", "the version of this document's format")
