"""Values of D-Bus types: a reader for each type, made once for its signature and byte order.

A reader takes a message and an offset, and gives the value and the offset behind it. It raises IndexError, ValueError
or struct.error for a value that does not end where it says, has an unsupported type, or is too large: a message of a
few bytes can have millions of values, or nest them a million deep.
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

LITTLE, BIG = "<", ">"
DEEPEST_ARRAYS = DEEPEST_STRUCTS = 32
DEEPEST = 64
"""Nesting of variants, arrays and structs together. These limits are D-Bus's own, and so is LONGEST_SIGNATURE."""
LONGEST_SIGNATURE = 255


class Message(bytes):
    """The bytes of a message, and how many values may still be read from it; a variant counts as its content."""

    left: int
    depth: int


Read = Callable[[Message, int], tuple[Any, int]]


class Type(NamedTuple):
    """A type: its reader, its alignment, the fewest bytes that it takes, and how many values it counts as."""

    read: Read
    aligned: int
    least: int
    values: int


def read_message(raw: bytes, most_values: int) -> Message:
    made = Message(raw)
    made.left = most_values
    made.depth = 0
    return made


@lru_cache(maxsize=512)
def make_reader(signature: str, order: str = LITTLE) -> Read:
    """The reader of a body, as a tuple of what its signature lists. Variants are read as the value in them."""
    if len(signature) > LONGEST_SIGNATURE:
        raise ValueError("a signature that is longer than D-Bus allows")
    fields, at = [], 0
    while at < len(signature):
        field, at = _parse_type(signature, at, order, 0, 0)
        fields.append(field)
    read, values = _make_tuple_reader([field.read for field in fields]), sum(field.values for field in fields)
    # A few plain values need not be counted: each took at least a byte. A struct can nest many tuples in one byte.
    return _limit_values(read, values) if "(" in signature else read


def _parse_type(signature: str, at: int, order: str, arrays: int, structs: int) -> tuple[Type, int]:
    """The one type at `at`, within so many arrays and structs, and where the next one begins."""
    kind = signature[at]
    if kind == "a":
        return _list(signature, at + 1, order, arrays + 1, structs)
    if kind == "(":
        return _parse_struct(signature, at + 1, order, arrays, structs + 1)
    if kind not in _BASIC[order]:
        raise ValueError(f"a type that is not read here: {signature}")
    return _BASIC[order][kind], at + 1


def _list(signature: str, at: int, order: str, arrays: int, structs: int) -> tuple[Type, int]:
    if arrays > DEEPEST_ARRAYS:
        raise ValueError("arrays that are nested deeper than D-Bus allows")
    if signature[at] == "{":
        return _parse_dict_type(signature, at + 1, order, arrays, structs)
    if signature[at] == "y":
        return Type(_make_bytes_reader(order), 4, 4, 1), at + 1
    element, after = _parse_type(signature, at, order, arrays, structs)
    return Type(_make_array_reader(element, order), 4, 4, 2), after


def _parse_dict_type(signature: str, at: int, order: str, arrays: int, structs: int) -> tuple[Type, int]:
    if signature[at] not in _KEYS:
        raise ValueError(f"a key that is not of a basic type: {signature}")
    key, after = _parse_type(signature, at, order, arrays, structs + 1)
    value, after = _parse_type(signature, after, order, arrays, structs + 1)
    if signature[after] != "}":
        raise ValueError(f"an entry that is not a pair: {signature}")
    return Type(_make_dict_reader(key, value, order), 4, 4, 4), after + 1


def _parse_struct(signature: str, at: int, order: str, arrays: int, structs: int) -> tuple[Type, int]:
    if structs > DEEPEST_STRUCTS:
        raise ValueError("structs that are nested deeper than D-Bus allows")
    fields = []
    while signature[at] != ")":
        field, at = _parse_type(signature, at, order, arrays, structs)
        fields.append(field)
    if not fields:
        # Nothing to read: an array of them would never end.
        raise ValueError("a struct of nothing, which D-Bus does not have")
    read = _make_tuple_reader([field.read for field in fields])
    least, values = max(8, sum(field.least for field in fields)), 1 + sum(field.values for field in fields)
    return Type(lambda message, start: read(message, start + -start % 8), 8, least, values), at + 1


def _limit_values(read: Read, values: int) -> Read:
    def charge(message: Message, at: int) -> tuple[Any, int]:
        _spend(message, values)
        return read(message, at)

    return charge


def _spend(message: Message, values: int) -> None:
    message.left -= values
    if message.left < 0:
        raise ValueError("more values than are read of a message")


def _make_number_reader(form: str) -> Read:
    size, unpack = Struct(form).size, Struct(form).unpack_from

    def read(message: Message, at: int) -> tuple[object, int]:
        at += -at % size
        return unpack(message, at)[0], at + size

    return read


def _make_bool_reader(order: str) -> Read:
    unpack = Struct(f"{order}I").unpack_from

    def read(message: Message, at: int) -> tuple[bool, int]:
        at += -at % 4
        return bool(unpack(message, at)[0]), at + 4

    return read


def _make_string_reader(order: str) -> Read:
    unpack = Struct(f"{order}I").unpack_from

    def read(message: Message, at: int) -> tuple[str, int]:
        at += -at % 4
        end = at + 4 + unpack(message, at)[0]
        if end >= len(message):
            raise IndexError("beyond the end")
        return message[at + 4 : end].decode(), end + 1

    return read


def read_signature(message: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + message[at]
    if end >= len(message):
        raise IndexError("beyond the end")
    return message[at + 1 : end].decode("ascii"), end + 1


def _make_variant_reader(order: str) -> Read:
    single = lru_cache(maxsize=512)(lambda signature: _make_single_reader(signature, order))

    def read(message: Message, at: int) -> tuple[object, int]:
        signature, at = read_signature(message, at)
        return single(signature)(message, at)

    return read


def _make_single_reader(signature: str, order: str) -> Read:
    """Make the reader of a variant's content."""
    if len(signature) > LONGEST_SIGNATURE:
        raise ValueError("a signature that is longer than D-Bus allows")
    (read, _, _, values), end = _parse_type(signature, 0, order, 0, 0)
    if end != len(signature):
        raise ValueError("a variant of several values")
    if "(" in signature:
        read = _limit_values(read, values)
    return _limit_depth(read) if "v" in signature else read


def _limit_depth(read: Read) -> Read:
    """Wrap the reader of a variant that contains variants, and limit how deep they are nested."""

    def read_inside(message: Message, at: int) -> tuple[object, int]:
        message.depth += 1
        if message.depth > DEEPEST:
            raise ValueError("variants that are nested deeper than D-Bus allows")
        value, at = read(message, at)
        message.depth -= 1
        return value, at

    return read_inside


def _make_bytes_reader(order: str) -> Read:
    find_extent = _make_extent_reader(order, 1)

    def read(message: Message, at: int) -> tuple[bytes, int]:
        at, end = find_extent(message, at)
        return message[at:end], end

    return read


def _make_array_reader(element: Type, order: str) -> Read:
    find_extent, read_one, _, least, values = _make_extent_reader(order, element.aligned), *element

    def read(message: Message, at: int) -> tuple[list[object], int]:
        at, end = find_extent(message, at)
        careful = (end - at) // least * values > message.left
        found = []
        while at < end:
            value, at = read_one(message, at)
            found.append(value)
            if careful:
                _spend(message, values)
        if not careful:
            _spend(message, len(found) * values)
        return found, _check_end(at, end)

    return read


def _make_dict_reader(key: Type, value: Type, order: str) -> Read:
    find_extent, read_key, read_value = _make_extent_reader(order, 8), key.read, value.read
    least, values = max(8, key.least + value.least), 2 + key.values + value.values

    def read(message: Message, at: int) -> tuple[dict[Any, object], int]:
        at, end = find_extent(message, at)
        careful = (end - at) // least * values > message.left
        found: dict[Any, object] = {}
        while at < end:
            name, at = read_key(message, at + -at % 8)
            found[name], at = read_value(message, at)
            if careful:
                _spend(message, values)
        if not careful:
            _spend(message, len(found) * values)
        return found, _check_end(at, end)

    return read


def _make_tuple_reader(fields: list[Read]) -> Read:
    def read(message: Message, at: int) -> tuple[tuple[object, ...], int]:
        found = []
        for field in fields:
            value, at = field(message, at)
            found.append(value)
        return tuple(found), at

    return read


def _make_extent_reader(order: str, aligned: int) -> Callable[[Message, int], tuple[int, int]]:
    """Where an array's elements begin and end."""
    unpack = Struct(f"{order}I").unpack_from

    def find_extent(message: Message, at: int) -> tuple[int, int]:
        at += -at % 4
        (size,) = unpack(message, at)
        at += 4
        at += -at % aligned
        if at + size > len(message):
            raise IndexError("beyond the end")
        return at, at + size

    return find_extent


def _check_end(at: int, end: int) -> int:
    if at != end:
        raise ValueError("an element beyond the end of its array")
    return end


_NUMBERS = {"y": "B", "n": "h", "q": "H", "u": "I", "i": "i", "t": "Q", "x": "q", "d": "d"}
_KEYS = frozenset((*_NUMBERS, "b", "s", "o", "g"))


def _make_basic_types(order: str) -> dict[str, Type]:
    """The types of one letter."""
    numbers = {kind: (_make_number_reader(order + form), Struct(order + form).size) for kind, form in _NUMBERS.items()}
    return {
        "b": Type(_make_bool_reader(order), 4, 4, 1),
        "s": Type(_make_string_reader(order), 4, 5, 1),
        "o": Type(_make_string_reader(order), 4, 5, 1),
        "g": Type(read_signature, 1, 2, 1),
        "v": Type(_make_variant_reader(order), 1, 4, 1),
        **{kind: Type(read, size, size, 1) for kind, (read, size) in numbers.items()},
    }


_BASIC = {order: _make_basic_types(order) for order in (LITTLE, BIG)}
