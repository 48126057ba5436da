"""Columns of sysusers.d(5) and tmpfiles.d(5) lines: written so that 247 to 257 read them the same.

Later versions take C escapes in some columns and earlier ones none. So only quotes and backslashes are escaped, which
all read alike, and control characters are refused. `%` begins a specifier in every column.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from qtctl.dialects.systemd.splitting import Escapes, explain_trouble, quote_literal, split
from qtctl.errors import InputError, Place

E = TypeVar("E")

NOTHING = "-"
"""A column that is left empty."""
MAX_LINE = 1024**2 - 1
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def write_column(text: str, field: str) -> str:
    """A value as a column. InputError if no line can express it."""
    reason = explain_trouble(text)
    if reason:
        raise InputError(f"{field}: {reason}", field=field)
    if _CONTROL.search(text):
        raise InputError(
            f"{field}: holds a line break or another control character", hint="write it on one line", field=field
        )
    if text in ("", NOTHING):
        raise InputError(
            f"{field}: {text or 'an empty value'} means that there is none", hint="leave the key out", field=field
        )
    return quote_literal(text.replace("%", "%%"))


def write_optional(text: str, field: str) -> str:
    """As `write_column`, with '' for an empty column."""
    return write_column(text, field) if text else NOTHING


def write_line(*columns: str) -> str:
    """The columns as a line, without empty ones at the end."""
    given = list(columns)
    while given and given[-1] == NOTHING:
        given.pop()
    text = " ".join(given)
    if len(text.encode()) > MAX_LINE:
        raise InputError(f"a line longer than systemd reads ({MAX_LINE} bytes)")
    return text


def parse(text: str, most: int) -> tuple[str, ...]:
    """The values of a line, '' for empty columns, padded to `most`. InputError for a specifier, or too many columns."""
    words = split(text, Escapes.LITERAL)
    if len(words) > most:
        raise InputError(f"more than {most} columns")
    values = tuple("" if word == NOTHING else _unquote(word) for word in words)
    return values + ("",) * (most - len(values))


def read_entries(text: str, name: str, read: Callable[[str], E]) -> tuple[E, ...]:
    """What `read` makes of each line that is not a comment. InputError with the line if it refuses one."""
    stripped = ((number, each.strip()) for number, each in enumerate(text.split("\n"), start=1))
    return tuple(
        _read_entry(each, Place(name, number), read) for number, each in stripped if each and not each.startswith("#")
    )


def _read_entry(text: str, place: Place, read: Callable[[str], E]) -> E:
    try:
        return read(text)
    except InputError as error:
        raise InputError(error.what, hint=error.hint, place=place) from error


def _unquote(word: str) -> str:
    if "%" in word.replace("%%", ""):
        raise InputError("a specifier (%…), whose value only the host knows", hint="write % as %%")
    return word.replace("%%", "%")
