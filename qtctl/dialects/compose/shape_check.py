"""What a compose file may contain: each key and the types of its value. All errors are reported at once."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from qtctl.dialects.compose.shape_table import SHAPES
from qtctl.dialects.compose.shapes import Keyed, Listed, OneOf, Ref, Scalar, Shape
from qtctl.dialects.compose.values import Date, Table, find_place
from qtctl.errors import InputError, InputErrors, Place

Value = Any
_WORDS: Final = {"S": "a string", "N": "a number", "I": "a whole number", "B": "true or false", "Z": "null"}
MOST_ERRORS: Final = 100


def check_shape(model: Table, file: str, *, alone: bool = True) -> None:
    """InputError or InputErrors for what Compose's schema does not allow. `alone` False: for a base of other files."""
    errors = list(_Checker(file).check_top(model, alone=alone))[:MOST_ERRORS]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(tuple(errors))


def list_service_keys() -> frozenset[str]:
    shape = SHAPES["service"]
    return frozenset(shape.keys) if isinstance(shape, Keyed) else frozenset()


class _Checker:
    def __init__(self, file: str) -> None:
        self.file = file

    def check_top(self, model: Table, *, alone: bool) -> Iterator[InputError]:
        services = model.get("services")
        if alone and "services" in model and isinstance(services, Table):
            for name, service in services.items():
                if not isinstance(service, Table):
                    yield InputError(f"service {name}: is not a mapping", place=services.line_of(name))
        elif alone and "services" in model:
            yield InputError(
                "services: is not a mapping of name to service", place=_find_place(services, model, "services")
            )
        yield from self.check(model, SHAPES[""], "", model.place)

    def check(self, value: Value, shape: Shape, name: str, place: Place) -> Iterator[InputError]:
        place = find_place(value, place)
        shape = _resolve(shape)
        if isinstance(shape, OneOf):
            yield from self.check_one_of(value, shape, name, place)
        elif isinstance(shape, Keyed):
            yield from self.check_keyed(value, shape, name, place)
        elif isinstance(shape, Listed):
            yield from self.check_listed(value, shape, name, place)
        elif isinstance(shape, Scalar) and (why := _explain_unfit(value, shape)):
            yield InputError(f"{name}: {why}", place=place)

    def check_one_of(self, value: Value, shape: OneOf, name: str, place: Place) -> Iterator[InputError]:
        if isinstance(value, Date):
            yield InputError(f"{name}: is a date: put it in quotes", place=place)
            return
        fitting = [each for each in shape.shapes if _fits_kind(_resolve(each), value)]
        if not fitting:
            yield InputError(f"{name}: is not {_describe_expected(shape)}", place=place)
            return
        tries = [list(self.check(value, each, name, place)) for each in fitting]
        yield from min(tries, key=len)

    def check_keyed(self, value: Value, shape: Keyed, name: str, place: Place) -> Iterator[InputError]:
        if not isinstance(value, Table):
            if (name.startswith("services.") and name.count(".") == 1) or name == "services":
                return
            yield InputError(f"{name or 'the file'}: is not a mapping", place=place)
            return
        for key in shape.required:
            if key not in value:
                yield InputError(f"{name}: has no {key}", place=place)
        for key, each in value.items():
            inner = f"{name}.{key}" if name else key
            known = _find_shape(key, shape)
            if known is not None:
                yield from self.check(each, known, inner, value.line_of(key))
            elif not (shape.open or (shape.extended and key.startswith("x-"))):
                yield self.note_unknown(key, shape, name, value.line_of(key))

    def note_unknown(self, key: str, shape: Keyed, name: str, place: Place) -> InputError:
        close = get_close_matches(key, shape.keys, 1)
        hint = f"did you mean {close[0]}?" if close else ""
        return InputError(f"{name or 'the file'}: Compose knows no {key} here", hint=hint, place=place)

    def check_listed(self, value: Value, shape: Listed, name: str, place: Place) -> Iterator[InputError]:
        if not isinstance(value, list):
            yield InputError(f"{name}: is not a list", place=place)
            return
        for each in value:
            yield from self.check(each, shape.entry, name, place)
        if shape.unique:
            seen = [(type(each) is bool, each) for each in value if not isinstance(each, dict | list)]
            if len(set(seen)) < len(seen):
                yield InputError(f"{name}: has an entry twice", hint="keep one of them", place=place)


def _find_shape(key: str, shape: Keyed) -> Shape | None:
    own = shape.keys.get(key)
    return shape.others if own is None and shape.others is not None and re.search(shape.named or ".", key) else own


def _find_place(value: Value, model: Table, key: str) -> Place:
    if isinstance(value, list) and value:
        return find_place(value[0], model.line_of(key))
    return find_place(value, model.line_of(key))


def _resolve(shape: Shape) -> Shape:
    return SHAPES[shape.name] if isinstance(shape, Ref) else shape


def _fits_kind(shape: Shape, value: Value) -> bool:
    if isinstance(shape, OneOf):
        return any(_fits_kind(_resolve(each), value) for each in shape.shapes)
    if isinstance(shape, Keyed):
        return isinstance(value, dict)
    if isinstance(shape, Listed):
        return isinstance(value, list)
    return isinstance(shape, Scalar) and any(_is_kind(value, letter) for letter in shape.types)


def _is_kind(value: Value, letter: str) -> bool:
    if letter == "Z":
        return value is None
    if letter == "S":
        return isinstance(value, str) and not isinstance(value, Date)
    if letter == "B":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return letter == "N" or float(value).is_integer()


def _explain_unfit(value: Value, shape: Scalar) -> str:
    """Why a value fits none of these, '' if it fits. Never quotes the value, which may be a secret."""
    if isinstance(value, Date):
        return "is a date: put it in quotes"
    if not any(_is_kind(value, letter) for letter in shape.types):
        return f"is not {_describe_expected(shape)}"
    if isinstance(value, str):
        if shape.choices and value not in shape.choices:
            return f"is none of {', '.join(shape.choices)}"
        return f"is not like {shape.pattern}" if shape.pattern and not re.search(shape.pattern, value) else ""
    if shape.least is not None and value < shape.least:
        return f"is less than {shape.least}"
    return f"is more than {shape.most}" if shape.most is not None and value > shape.most else ""


def _describe_expected(shape: Shape) -> str:
    shape = _resolve(shape)
    if isinstance(shape, OneOf):
        return " or ".join(dict.fromkeys(_describe_expected(each) for each in shape.shapes))
    if isinstance(shape, Keyed):
        return "a mapping"
    if isinstance(shape, Listed):
        return "a list"
    return " or ".join(_WORDS[letter] for letter in shape.types) if isinstance(shape, Scalar) else ""
