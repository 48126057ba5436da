"""One compose service while it is adopted: its table for the registry, and what became of each of its attributes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qtctl.adopt.adoption import Fate
from qtctl.dialects.compose.values import Table
from qtctl.errors import Place

Value = Any
NO_COUNTERPART = "has no counterpart in systemd"


@dataclass(frozen=True, slots=True)
class Left:
    """Attributes without a key: why, and what a person can do about it ('': nothing needs to be done)."""

    attributes: tuple[str, ...]
    why: str
    to_do: str
    place: Place
    open: bool = False
    """Whether the service is incomplete until a person has done that."""


@dataclass(slots=True)
class Reading:
    """`values` are those of `service` as Compose normalises them. `origins`: key of `table` → attributes it says."""

    fleet: str
    name: str
    service: Table
    values: Mapping[str, Value]
    table: dict[str, Value] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    fates: dict[str, Fate] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    origins: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def put(self, path: str, value: Value, *attributes: str) -> None:
        """`path`: a key of the registry, as in `limits.memory_max`."""
        keys = tuple(path.split("."))
        table = self.table
        for key in keys[:-1]:
            table = table.setdefault(key, {})
        table[keys[-1]] = value
        self.origins.setdefault(keys, []).extend(attributes)
        self.note_typed(*attributes)

    def add(self, path: str, values: Iterable[Value], *attributes: str) -> None:
        """To the list that a key has."""
        table: Value = self.table
        for key in path.split("."):
            table = table.get(key, {})
        self.put(path, list(dict.fromkeys((*(table or ()), *values))), *attributes)

    def note_typed(self, *attributes: str) -> None:
        self.fates.update(dict.fromkeys(attributes, Fate.TYPED))

    def note(self, text: str, *attributes: str) -> None:
        self.notes.append(text)
        self.fates.update(dict.fromkeys(attributes, Fate.NOTE))

    def leave(self, why: str, *attributes: str, to_do: str = "", is_open: bool = False) -> None:
        """A line of the report."""
        if attributes:
            key = attributes[0].partition(".")[0].partition("[")[0]
            self.left.append(Left(attributes, why, to_do, self.service.line_of(key), is_open))
            self.fates.update(dict.fromkeys(attributes, Fate.REPORTED))

    def list_unsettled(self, key: str) -> tuple[str, ...]:
        """Attributes of a key that are not accounted for yet."""
        return tuple(each for each in list_attributes(key, self.service.get(key)) if each not in self.fates)

    def list_given(self) -> tuple[str, ...]:
        """Keys that the file has: defaults of Compose have no line."""
        return tuple(key for key in self.service if key in self.service.lines)


def list_attributes(key: str, value: Value) -> Iterator[str]:
    """Each item that the file has under a key: a value, a list entry, a key of a mapping (`deploy.replicas`).

    Defaults of Compose have no line, and a short form has no keys.
    """
    said = [inner for inner in value if inner in value.lines] if isinstance(value, Table) else []
    if said:
        for inner in said:
            yield from list_attributes(f"{key}.{inner}", value[inner])
    elif isinstance(value, list) and value:
        yield from (f"{key}[{number}]" for number in range(len(value)))
    else:
        yield key
