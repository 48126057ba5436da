"""What systemd's properties say, in a form that can be compared with what a directive must be loaded as."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from qtctl.dialects.systemd.properties import Shape

Plain: TypeAlias = Any
"""A value as JSON has it: None, bool, int, str, or a list of such."""


class NotComparable(Exception):
    """systemd's reading of the values depends on the host or on a version: they cannot be compared."""


def read_observed(shape: Shape, value: object) -> Plain:
    """The value of a property of this shape. NotComparable for a value of another type."""
    plain = make_plain(value)
    if shape in _OBSERVED:
        return _OBSERVED[shape](plain)
    return plain


def is_as_declared(shape: Shape, wanted: Plain, found: Plain) -> bool:
    """Whether the loaded value is the declared one: systemd adds units of its own to dependencies."""
    if shape is Shape.UNITS and isinstance(wanted, list) and isinstance(found, list):
        return all(each in found for each in wanted)
    return bool(wanted == found)


def make_plain(value: object) -> Plain:
    """A value from the bus as JSON has it. NotComparable for types that JSON lacks."""
    match value:
        case None | bool() | int() | str():
            return value
        case bytes():
            return list(value)
        case list() | tuple():
            return [make_plain(each) for each in value]
    raise NotComparable(f"a value of type {type(value).__name__}")


def sort_value(value: Plain) -> Plain:
    return sorted(value, key=str) if isinstance(value, list) else value


def _read_set(value: Plain) -> Plain:
    return sort_value([*{each: None for each in value if isinstance(each, str)}]) if isinstance(value, list) else value


def _read_statuses(value: Plain) -> Plain:
    return [sort_value(each) for each in value] if isinstance(value, list) else value


def _read_families(value: Plain) -> Plain:
    return [value[0], sort_value(value[1])] if isinstance(value, list) and value else value


def _take_two(value: Plain) -> Plain:
    return sort_value([each[:2] for each in value if isinstance(each, list)]) if isinstance(value, list) else value


_OBSERVED: Mapping[Shape, Callable[[Plain], Plain]] = {
    Shape.SET: _read_set,
    Shape.ADDRESSES: sort_value,
    Shape.UNITS: sort_value,
    Shape.STATUSES: _read_statuses,
    Shape.FAMILIES: _read_families,
    Shape.SPANS: _take_two,
    Shape.CALENDARS: _take_two,
    Shape.PAIRS: sort_value,
    Shape.WATCHES: sort_value,
}
