"""What jeepney makes of a message: the witness for our own reader."""

from functools import lru_cache

from jeepney import HeaderFields, Message
from jeepney.low_level import Array, Struct, Variant, parse_signature


def unwrapped(message: Message) -> tuple[object, ...]:
    """The body with every variant replaced by its value. jeepney gives variants as (signature, value) pairs."""
    signature = message.header.fields.get(HeaderFields.signature, "")
    if "v" not in signature:
        return tuple(message.body)
    return tuple(_plain(value, kind) for value, kind in zip(message.body, _types(f"({signature})").fields, strict=True))


@lru_cache(maxsize=512)
def _types(signature: str) -> Struct:
    return parse_signature(list(signature))


def _plain(value: object, kind: object) -> object:
    match kind, value:
        case Variant(), (str() as signature, inner):
            return _plain(inner, _types(f"({signature})").fields[0]) if "v" in signature else inner
        case Array(), dict():
            entry = kind.elt_type
            return {key: _plain(item, entry.fields[1]) for key, item in value.items()}
        case Array(), list():
            return [_plain(item, kind.elt_type) for item in value]
        case Struct(), tuple():
            return tuple(_plain(item, field) for item, field in zip(value, kind.fields, strict=True))
        case _:
            return value
