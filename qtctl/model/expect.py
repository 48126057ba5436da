"""What a key in a registry file takes, in the terms of someone who writes TOML."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from qtctl.dialects.toml.keys import MOST_SHOWN, quote

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True)
class Expect:
    """Annotates a type: what its values are, to follow "should be": `a size, such as "512M"`."""

    text: str

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":  # noqa: ANN401
        """Changes nothing: pydantic takes longer with an annotation that it does not know."""
        return handler(source)


class Exact:
    """For a number or a switch: text and other types are not converted. Costs half as much as pydantic's Strict."""

    def __get_pydantic_core_schema__(self, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":  # noqa: ANN401
        schema: Any = handler(source)
        schema["strict"] = True
        return cast("CoreSchema", schema)


class Unfit(ValueError):
    """A value that a check refuses, with the reason in the operator's terms: `/srv/../etc goes up with ..`."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def make_annotation(field: FieldInfo) -> object:
    """The type of a field with all its annotations."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def strip_annotation(annotation: object) -> object:
    """The type without annotations, and without None, which TOML does not have."""
    if get_origin(annotation) is Annotated:
        return strip_annotation(get_args(annotation)[0])
    options = list_options(annotation)
    return strip_annotation(options[0]) if options is not None and len(options) == 1 else annotation


def list_options(annotation: object) -> tuple[object, ...] | None:
    """The members of a union except None; None if it is not a union."""
    if get_origin(annotation) not in (Union, UnionType):
        return None
    return tuple(each for each in get_args(annotation) if each is not NoneType)


def is_list(annotation: object) -> bool:
    return get_origin(strip_annotation(annotation)) in (tuple, list)


def is_table(annotation: object) -> bool:
    plain = strip_annotation(annotation)
    return get_origin(plain) in (dict, Mapping) or (isinstance(plain, type) and issubclass(plain, BaseModel))


def list_choices(annotation: object) -> tuple[str, ...]:
    """The words that a key takes, alone or among other values."""
    plain = strip_annotation(annotation)
    if get_origin(plain) is Literal:
        return tuple(str(each) for each in get_args(plain))
    if isinstance(plain, type) and issubclass(plain, Enum):
        return tuple(str(each.value) for each in plain)
    return tuple(word for each in list_options(plain) or () for word in list_choices(each))


@cache
def list_model_keys(model: type[BaseModel]) -> dict[str, object]:
    """The keys of a table, as an operator writes them, and the types of their values."""
    return {field.alias or name: make_annotation(field) for name, field in model.model_fields.items()}


def describe_expected(annotation: object) -> str:
    """What a value should be: `a whole number from 1 to 99`, `a list of names`."""
    said = _describe_attached(annotation)
    if said:
        return said
    options = list_options(_drop_annotation(annotation))
    if options is not None and len(options) > 1:
        return join_words(_merge_options(options))
    return _describe_plain(strip_annotation(annotation), annotation)


def join_words(words: list[str], last: str = "or") -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def write_value(value: object) -> str:
    """A value as TOML writes it; its kind if it is long or not a plain value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list) and value and all(isinstance(each, str | int | float) for each in value):
        shown = f"[{', '.join(map(write_value, value))}]"
        return shown if len(shown) <= MOST_SHOWN else describe_kind(value)
    return describe_kind(value)


def describe_kind(value: object) -> str:
    """The kind of a value of a document."""
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return next((word for kind, word in _KINDS if isinstance(value, kind)), "something else")


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (dict, "a table"),
    (dt.datetime, "a date"),
    (dt.date, "a date"),
    (dt.time, "a time of day"),
)


def _drop_annotation(annotation: object) -> object:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _describe_attached(annotation: object) -> str:
    """What the type itself says; for X | None what X says."""
    if get_origin(annotation) is Annotated:
        inner, *attached = get_args(annotation)
        return next((each.text for each in reversed(attached) if isinstance(each, Expect)), "") or _describe_attached(
            inner
        )
    options = list_options(annotation)
    return _describe_attached(options[0]) if options is not None and len(options) == 1 else ""


def _merge_options(options: tuple[object, ...]) -> list[str]:
    """Each member once, with all words joined."""
    words = [word for each in options for word in list_choices(each)]
    others = [describe_expected(each) for each in options if not list_choices(each)]
    return list(dict.fromkeys([*others, *([_join_quoted(words)] if words else [])]))


def _join_quoted(words: list[str]) -> str:
    return join_words([quote(each) for each in words])


def _describe_plain(plain: object, annotation: object) -> str:
    if plain in _SCALARS:
        return f"{_SCALARS[plain]}{_describe_bounds(annotation)}"
    if is_list(plain) or is_table(plain):
        return _describe_container(plain)
    return _join_quoted(list(list_choices(plain))) or "text in quotes"


_SCALARS: dict[object, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


def _describe_container(plain: object) -> str:
    if is_list(plain):
        return f"a list, each item {describe_expected(get_args(plain)[0])}"
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return f"a table with {_list_some(list(list_model_keys(plain)))}"
    return f"a table, each value {describe_expected(get_args(plain)[1])}"


def _list_some(keys: list[str], most: int = 4) -> str:
    return f"{', '.join(keys[:most])} …" if len(keys) > most else join_words(keys, "and")


def _describe_bounds(annotation: object) -> str:
    bounds: dict[str, Any] = {}
    for each in _list_attachments(annotation):
        bounds |= {name: getattr(each, name) for name in ("ge", "le") if getattr(each, name, None) is not None}
    match bounds:
        case {"ge": least, "le": most}:
            return f" from {least} to {most}"
        case {"ge": least}:
            return f", {least} or more"
        case {"le": most}:
            return f", {most} or less"
    return ""


def _list_attachments(annotation: object) -> list[object]:
    if get_origin(annotation) is Annotated:
        inner, *attached = get_args(annotation)
        found = [part for each in attached for part in (each.metadata if isinstance(each, FieldInfo) else [each])]
        return [*found, *_list_attachments(inner)]
    options = list_options(annotation)
    return _list_attachments(options[0]) if options is not None and len(options) == 1 else []
