"""The shapes of Redis's replies: maps, texts and numbers in them, and errors for other shapes."""

from collections.abc import Mapping

from qtctl.model.plausible import U64, parse_whole


class Unreadable(ValueError):
    """A reply with another shape than Redis documents."""


def read_pairs(value: object) -> dict[str, object]:
    """A map as Redis sends it: RESP3's own type, or RESP2's flat list of names and values."""
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    if isinstance(value, list | tuple) and len(value) % 2 == 0:
        return {str(key): each for key, each in zip(value[::2], value[1::2], strict=True)}
    raise Unreadable("not a list of names and values")


def read_text(said: Mapping[str, object], key: str) -> str:
    value = said.get(key)
    if isinstance(value, str):
        return value
    raise Unreadable(f"the answer has no {key}")


def read_number(said: Mapping[str, object], key: str) -> int:
    value = said.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return parse_whole(value, U64)
        except ValueError as error:
            raise Unreadable(f"{key}: {error}") from error
    raise Unreadable(f"{key} is not a number")


def find_text(said: Mapping[str, object], key: str) -> str:
    """'' if this Redis does not report it."""
    return read_text(said, key) if key in said else ""


def find_number(said: Mapping[str, object], key: str) -> int | None:
    """None if this Redis does not report it, or reports NULL or a negative number, which is a miscount."""
    value = said.get(key)
    return None if value is None or (isinstance(value, int) and value < 0) else read_number(said, key)
