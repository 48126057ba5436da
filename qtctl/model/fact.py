"""What every fact is: a frozen dataclass, read from and written to an evidence by its fields."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar, cast

from qtctl.model.json import JsonObject


class Fact(Protocol):
    """A typed fact value: a frozen dataclass with its kind."""

    FACT: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


F = TypeVar("F", bound=Fact)


def make_value(fact: Fact) -> JsonObject:
    """The fields, in order. Their values are not copied: nothing changes a fact once it is made."""
    return {name: getattr(fact, name) for name in _list_fields(type(fact))}


def make_fact(kind: type[F], value: Mapping[str, object]) -> F:
    names = _list_fields(kind)
    return kind(**{key: item for key, item in value.items() if key in names})


@cache
def _list_fields(kind: type[Fact]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cast(Any, kind)))
