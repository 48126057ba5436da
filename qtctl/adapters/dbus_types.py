"""Values of D-Bus types, little-endian: a reader for each type, made once for its signature.

A reader takes a message and an offset, and gives the value and the offset behind it. IndexError, ValueError or
struct.error for what does not end where it says, or is of a type that is not read here.
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import Any

Read = Callable[[bytes, int], tuple[Any, int]]

_U32 = Struct("<I")


@lru_cache(maxsize=512)
def readers(signature: str) -> Read:
    """The reader of a body, as a tuple of what its signature lists. Variants are read as the value in them."""
    fields, at = [], 0
    while at < len(signature):
        field, _, at = _type(signature, at)
        fields.append(field)
    return _tuple(fields)


def _type(signature: str, at: int) -> tuple[Read, int, int]:
    """The reader of the one type at `at`, how it is aligned, and where the next one begins."""
    kind = signature[at]
    if kind == "a":
        return _list(signature, at + 1)
    if kind == "(":
        return _struct(signature, at + 1)
    if kind not in _BASIC:
        raise ValueError(f"a type that is not read here: {signature}")
    return *_BASIC[kind], at + 1


def _list(signature: str, at: int) -> tuple[Read, int, int]:
    if signature[at] == "{":
        key, _, after = _type(signature, at + 1)
        value, _, after = _type(signature, after)
        return _dict(key, value), 4, after + 1
    if signature[at] == "y":
        return _bytes, 4, at + 1
    element, aligned, after = _type(signature, at)
    return _array(element, aligned), 4, after


def _struct(signature: str, at: int) -> tuple[Read, int, int]:
    fields = []
    while signature[at] != ")":
        field, _, at = _type(signature, at)
        fields.append(field)
    read = _tuple(fields)
    return lambda message, start: read(message, start + -start % 8), 8, at + 1


def _number(form: str) -> Read:
    size, unpack = Struct(form).size, Struct(form).unpack_from

    def read(message: bytes, at: int) -> tuple[object, int]:
        at += -at % size
        return unpack(message, at)[0], at + size

    return read


def _bool(message: bytes, at: int) -> tuple[bool, int]:
    at += -at % 4
    return bool(_U32.unpack_from(message, at)[0]), at + 4


def _string(message: bytes, at: int) -> tuple[str, int]:
    at += -at % 4
    end = at + 4 + _U32.unpack_from(message, at)[0]
    if end >= len(message):
        raise IndexError("beyond the end")
    return message[at + 4 : end].decode(), end + 1


def signature_at(message: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + message[at]
    if end >= len(message):
        raise IndexError("beyond the end")
    return message[at + 1 : end].decode("ascii"), end + 1


def _variant(message: bytes, at: int) -> tuple[object, int]:
    signature, at = signature_at(message, at)
    (value,), at = readers(signature)(message, at)
    return value, at


def _bytes(message: bytes, at: int) -> tuple[bytes, int]:
    at, end = _extent(message, at, 1)
    return message[at:end], end


def _array(element: Read, aligned: int) -> Read:
    def read(message: bytes, at: int) -> tuple[list[object], int]:
        at, end = _extent(message, at, aligned)
        found = []
        while at < end:
            value, at = element(message, at)
            found.append(value)
        return found, _ended(at, end)

    return read


def _dict(read_key: Read, read_value: Read) -> Read:
    def read(message: bytes, at: int) -> tuple[dict[Any, object], int]:
        at, end = _extent(message, at, 8)
        found = {}
        while at < end:
            key, at = read_key(message, at + -at % 8)
            found[key], at = read_value(message, at)
        return found, _ended(at, end)

    return read


def _tuple(fields: list[Read]) -> Read:
    def read(message: bytes, at: int) -> tuple[tuple[object, ...], int]:
        found = []
        for field in fields:
            value, at = field(message, at)
            found.append(value)
        return tuple(found), at

    return read


def _extent(message: bytes, at: int, aligned: int) -> tuple[int, int]:
    """Where an array's elements begin and end."""
    at += -at % 4
    (size,) = _U32.unpack_from(message, at)
    at += 4
    at += -at % aligned
    if at + size > len(message):
        raise IndexError("beyond the end")
    return at, at + size


def _ended(at: int, end: int) -> int:
    if at != end:
        raise ValueError("an element beyond the end of its array")
    return end


_NUMBERS = {"y": "<B", "n": "<h", "q": "<H", "u": "<I", "i": "<i", "t": "<Q", "x": "<q", "d": "<d"}
_BASIC: dict[str, tuple[Read, int]] = {
    "b": (_bool, 4),
    "s": (_string, 4),
    "o": (_string, 4),
    "g": (signature_at, 1),
    "v": (_variant, 1),
    **{kind: (_number(form), Struct(form).size) for kind, form in _NUMBERS.items()},
}
"""The types of one letter, with their readers and how they are aligned."""
