"""The values of a compose file: YAML's, but each text and number with its line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Self, TypeAlias, TypeVar

from qtctl.errors import Place

Path: TypeAlias = tuple[str, ...]
"""Keys from the top; a list entry is `[]`."""
ENTRY = "[]"
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
    """The rule for a path, from patterns such as `services.*.ports`. A large file asks for few different paths."""
    by_end: dict[tuple[int, str], list[tuple[int, Path, Rule]]] = {}
    for number, (dotted, rule) in enumerate(table.items()):
        path = tuple(dotted.split("."))
        by_end.setdefault((len(path), path[-1]), []).append((number, path, rule))

    @lru_cache(maxsize=4096)
    def find_rule(path: Path) -> Rule | None:
        """The first match, in the order of the table."""
        ends = (by_end.get((len(path), end), ()) for end in {path[-1] if path else "", "*"})
        found = [(number, rule) for those in ends for number, pattern, rule in those if matches(path, pattern)]
        return min(found, key=lambda each: each[0])[1] if found else None

    return find_rule


def matches(path: Path, pattern: Path) -> bool:
    return len(path) == len(pattern) and all(part in ("*", own) for part, own in zip(pattern, path, strict=True))


def list_services(model: Table) -> Iterator[tuple[str, Table]]:
    found = model.get("services")
    for name, service in found.items() if isinstance(found, dict) else ():
        if isinstance(service, Table):
            yield name, service
