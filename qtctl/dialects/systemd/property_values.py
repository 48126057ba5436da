"""What systemd's properties say, in a form that can be compared with what a directive must come to."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from qtctl.dialects.systemd.properties import Shape

Plain: TypeAlias = Any
"""A value as JSON has it: None, bool, int, str, or a list of such."""


class NotComparable(Exception):
    """What systemd makes of the values depends on the host, or on a version: no comparison says anything."""


def observed(shape: Shape, value: object) -> Plain:
    """What a property of this shape says. NotComparable for a value of another type."""
    plain = plain_value(value)
    if shape in _OBSERVED:
        return _OBSERVED[shape](plain)
    return plain


def holds(shape: Shape, wanted: Plain, found: Plain) -> bool:
    """Whether what is loaded is what is declared: systemd adds units of its own to dependencies."""
    if shape is Shape.UNITS and isinstance(wanted, list) and isinstance(found, list):
        return all(each in found for each in wanted)
    return bool(wanted == found)


def plain_value(value: object) -> Plain:
    """A value of the bus as JSON has it. NotComparable for what JSON has not."""
    match value:
        case None | bool() | int() | str():
            return value
        case bytes():
            return list(value)
        case list() | tuple():
            return [plain_value(each) for each in value]
    raise NotComparable(f"a value of type {type(value).__name__}")


def in_order(value: Plain) -> Plain:
    return sorted(value, key=str) if isinstance(value, list) else value


def _seen_set(value: Plain) -> Plain:
    return in_order([*{each: None for each in value if isinstance(each, str)}]) if isinstance(value, list) else value


def _seen_statuses(value: Plain) -> Plain:
    return [in_order(each) for each in value] if isinstance(value, list) else value


def _seen_families(value: Plain) -> Plain:
    return [value[0], in_order(value[1])] if isinstance(value, list) and value else value


def _first_two(value: Plain) -> Plain:
    return in_order([each[:2] for each in value if isinstance(each, list)]) if isinstance(value, list) else value


_OBSERVED: Mapping[Shape, Callable[[Plain], Plain]] = {
    Shape.SET: _seen_set,
    Shape.ADDRESSES: in_order,
    Shape.UNITS: in_order,
    Shape.STATUSES: _seen_statuses,
    Shape.FAMILIES: _seen_families,
    Shape.SPANS: _first_two,
    Shape.CALENDARS: _first_two,
    Shape.PAIRS: in_order,
    Shape.WATCHES: in_order,
}
