"""TOML bytes → a document, or what is wrong with them and where."""

import re
import tomllib
from typing import Any

from qtctl.dialects.toml.positions import find_line
from qtctl.dialects.toml.syntax import explain
from qtctl.errors import InputError, Place

MAX_PARTS = 64
"""Of a dotted key: tomllib's time grows with the square."""
MAX_DIGITS = 4000
"""Of a decimal number. Python gives up a little later, without a place."""

_PART = r"""(?:(?<![A-Za-z0-9_-])[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY = re.compile(rf"(?:{_PART}[ \t]*\.[ \t]*){{{MAX_PARTS}}}")
_LONG_NUMBER = re.compile(r"[0-9A-Fa-f_]{16,}")
_TOO_MANY_DIGITS = re.compile(rf"(?<![0-9A-Za-z_])[0-9_]{{{MAX_DIGITS},}}")
_WIDTH = range(-(2**63), 2**63)


def read(content: bytes, file: str) -> dict[str, Any]:
    """The document of a TOML file. InputError with the line if it is not TOML, or has what TOML does not promise."""
    text = _decode(content, file)
    long_key = _LONG_KEY.search(text) if text.count(".") >= MAX_PARTS else None
    if long_key:
        raise InputError(f"a key of more than {MAX_PARTS} parts", place=_make_place(file, text, long_key.start()))
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _make_syntax_error(file, text, str(error)) from error
    except RecursionError as error:
        raise InputError("nested too deeply", hint="flatten the value", place=Place(file, 1)) from error
    except ValueError as error:
        found = _TOO_MANY_DIGITS.search(text)
        raise _make_size_error(_make_place(file, text, found.start() if found else 0)) from error
    if _LONG_NUMBER.search(text):
        _check_numbers(document, text, file)
    return document


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError("not UTF-8", hint="save the file as UTF-8", place=Place(file, line)) from error


def _make_place(file: str, text: str, offset: int) -> Place:
    return Place(file, text.count("\n", 0, offset) + 1)


def _make_syntax_error(file: str, text: str, message: str) -> InputError:
    at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    if at is None:
        return InputError(f"not TOML: {message}", place=Place(file, 1))
    line = int(at[1]) if at[1] else text.count("\n") + 1
    what, hint, where = explain(message[: at.start()], text, line)
    return InputError(f"not TOML: {what}", hint=hint, place=Place(file, where))


def _check_numbers(document: dict[str, Any], text: str, file: str) -> None:
    todo: list[tuple[tuple[str, ...], object]] = [((), document)]
    while todo:
        path, node = todo.pop()
        if isinstance(node, dict):
            todo += [((*path, key), value) for key, value in node.items()]
        elif isinstance(node, list):
            todo += [(path, value) for value in node]
        elif isinstance(node, int) and node not in _WIDTH:
            raise _make_size_error(Place(file, find_line(text, path) or 1))


def _make_size_error(place: Place) -> InputError:
    return InputError("a number that does not fit in 64 bits", hint="write a smaller one", place=place)
