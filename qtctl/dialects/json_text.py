"""JSON from anybody: read within bounds, and refused with one clear error."""

import json
import math
from collections.abc import Iterable
from typing import NoReturn

from qtctl.errors import InputError, Place

DEEPEST = 64
MOST_CHARACTERS, MOST_VALUES = 32 * 1024 * 1024, 1_500_000
"""A report about a host with 1,000 services has 4 million characters, and 200,000 values."""


def read_json(text: str, file: str, hint: str) -> object:
    """InputError with `file`, and the line if it is known, for text that is not JSON, too large or too deep.

    Numbers are finite, and texts can be written as UTF-8.
    """
    _check_size(text, file, hint)
    try:
        found: object = json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_float)
    except json.JSONDecodeError as error:
        raise InputError("not JSON, or cut off", hint=hint, place=Place(file, error.lineno)) from None
    except RecursionError:
        raise InputError(f"nested deeper than {DEEPEST}", hint=hint, place=Place(file)) from None
    except ValueError as error:
        raise InputError(f"not JSON: {_describe(error)}", hint=hint, place=Place(file)) from None
    if is_deeper(found, DEEPEST):
        raise InputError(f"nested deeper than {DEEPEST}", hint=hint, place=Place(file))
    if "\\u" in text:
        _check_characters(found, file, hint)
    return found


def _describe(error: ValueError) -> str:
    """Python's own words are about its limits."""
    return "a number with too many digits" if "digits" in str(error) else str(error)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _parse_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number that is too large")
    return value


def count_values(text: str) -> int:
    """About how many values it has. Each has one of these before it, and becomes an object of many times its size."""
    return sum(map(text.count, "[{,:"))


def is_deeper(document: object, most: int) -> bool:
    """Whether its lists and objects are nested deeper than that."""
    level = [document]
    for _ in range(most):
        level = [each for above in level for each in _list_inner(above) if isinstance(each, dict | list)]
    return bool(level)


def _check_size(text: str, file: str, hint: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{len(text)} characters, more than {MOST_CHARACTERS}", hint=hint, place=Place(file))
    values = count_values(text)
    if values > MOST_VALUES:
        raise InputError(f"about {values} values, more than {MOST_VALUES}", hint=hint, place=Place(file))


def _list_inner(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _check_characters(document: object, file: str, hint: str) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError("half of a surrogate pair, which UTF-8 cannot encode", hint=hint, place=Place(file)) from None
