"""The values of a compose file: YAML's, but each text and number with its line."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeAlias, TypeVar

from qtctl.errors import Place

Path: TypeAlias = tuple[str, ...]
"""Keys from the top; a list entry is `[]`."""
ENTRY = "[]"
ANY = "*"
"""In a pattern: every key."""
Rule = TypeVar("Rule")


class Text(str):
    """A text of the file. `variables` were replaced in it; those in `unset` had neither a value nor a default."""

    __slots__ = ("place", "raw", "unset", "variables")
    place: Place
    raw: str
    variables: tuple[str, ...]
    unset: tuple[str, ...]

    def __new__(
        cls, text: str, place: Place, raw: str = "", variables: tuple[str, ...] = (), unset: tuple[str, ...] = ()
    ) -> Self:
        made = super().__new__(cls, text)
        made.place, made.raw, made.variables, made.unset = place, raw or text, variables, unset
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What a copy is made from."""
        return str(self), self.place, self.raw, self.variables, self.unset


class Date(Text):
    """A date without quotes, which Compose accepts nowhere."""


class Whole(int):
    """A whole number of the file."""

    place: Place

    def __new__(cls, number: int, place: Place) -> Self:
        made = super().__new__(cls, number)
        made.place = place
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What a copy is made from."""
        return int(self), self.place


class Table(dict[str, Any]):
    """A mapping. `lines`: key → its line."""

    def __init__(self, entries: Iterable[tuple[str, Any]] = (), place: Place | None = None) -> None:
        super().__init__(entries)
        self.place = place or Place("")
        self.lines: dict[str, Place] = {}
        self.short: Text | None = None
        """The short form that it was written in."""

    def line_of(self, key: str) -> Place:
        return self.lines.get(key, self.place)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.lines.pop(key, None)

    def take(self, key: str, value: Any, place: Place) -> None:  # noqa: ANN401 - as YAML has it
        self[key] = value
        self.lines[key] = place


def find_place(value: object, otherwise: Place) -> Place:
    return getattr(value, "place", otherwise)


def clone(value: Any) -> Any:  # noqa: ANN401 - as YAML has it
    if isinstance(value, Table):
        made = Table(((key, clone(each)) for key, each in value.items()), value.place)
        made.lines, made.short = dict(value.lines), value.short
        return made
    return [clone(each) for each in value] if isinstance(value, list) else value


def make_rules(table: Mapping[str, Rule]) -> Callable[[Path], Rule | None]:
    """The rule for a path, from patterns such as `services.*.ports`: the first in the table that matches."""
    find_branch = make_branches(table)

    def find_rule(path: Path) -> Rule | None:
        branch = find_branch(path)
        return branch.rule if branch else None

    return find_rule


def make_branches(table: Mapping[str, Rule]) -> "Callable[[Path], Branch[Rule] | None]":
    """As `make_rules`, for walks that need not go where no rule is: None if no pattern begins with the path."""
    root = _grow([(tuple(dotted.split(".")), rule) for dotted, rule in table.items()])

    def find_branch(path: Path) -> Branch[Rule] | None:
        branch = root
        for part in path:
            found = branch.children.get(part) or branch.children.get(ANY)
            if found is None:
                return None
            branch = found
        return branch

    return find_branch


@dataclass(frozen=True, slots=True)
class Branch(Generic[Rule]):
    """Where a path has led. `rule`: of the first pattern that ends here.

    `children`: by the next part; `*` for every part without a child of its own.
    """

    rule: Rule | None
    children: Mapping[str, "Branch[Rule]"]


def _grow(patterns: Sequence[tuple[Path, Rule]]) -> Branch[Rule]:
    """`patterns`: what is left of each that matches so far, with its rule."""
    ended = (rule for rest, rule in patterns if not rest)
    parts = dict.fromkeys(rest[0] for rest, _ in patterns if rest)
    children = {part: _grow([(rest[1:], rule) for rest, rule in patterns if rest and rest[0] in (part, ANY)])
                for part in parts}  # fmt: skip
    return Branch(next(ended, None), children)


def matches(path: Path, pattern: Path) -> bool:
    return len(path) == len(pattern) and all(part in (ANY, own) for part, own in zip(pattern, path, strict=True))


def list_services(model: Table) -> Iterator[tuple[str, Table]]:
    found = model.get("services")
    for name, service in found.items() if isinstance(found, dict) else ():
        if isinstance(service, Table):
            yield name, service
