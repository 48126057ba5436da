"""tmpfiles.d(5): folders as lines, and back. Only lines of type `d` are written and read."""

import re
from dataclasses import dataclass

from qtctl.dialects.systemd.columns import parse as columns
from qtctl.dialects.systemd.columns import read_entries, write_column, write_line, write_optional
from qtctl.dialects.systemd.quoting import simplify_path
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.errors import InputError

FOLDER = "d"
_COLUMNS = 6
_MODE = re.compile(r"[0-7]{4}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One folder. `mode` four octal digits; `age` '' or a time span."""

    path: str
    mode: str
    user: str
    group: str
    age: str = ""


def write(entry: Entry) -> str:
    """InputError if systemd-tmpfiles would not take it as meant."""
    try:
        _check(entry)
        return _write_line(entry)
    except InputError as error:
        raise InputError(f"{entry.path!r}: {error.what}", hint=error.hint) from error


def _write_line(entry: Entry) -> str:
    return write_line(
        FOLDER,
        write_column(entry.path, "path"),
        entry.mode,
        write_column(entry.user, "user"),
        write_column(entry.group, "group"),
        write_optional(entry.age, "age"),
    )


def parse(text: str, name: str) -> tuple[Entry, ...]:
    """Every entry of a file. InputError with the line if it is not an entry, or not one that `write` writes."""
    return read_entries(text, name, _read)


def _read(text: str) -> Entry:
    kind, *values = columns(text, _COLUMNS)
    if kind != FOLDER:
        raise InputError(f"a line of type {kind!r}", hint="only d is read here")
    entry = Entry(*values)
    _check(entry)
    return entry


def _check(entry: Entry) -> None:
    if simplify_path(entry.path, "path") != entry.path:
        raise InputError("path: not a plain path", hint=f"write {simplify_path(entry.path, 'path')}")
    if _MODE.fullmatch(entry.mode) is None:
        raise InputError(f"mode: {entry.mode!r} is not four octal digits")
    for field, name in (("user", entry.user), ("group", entry.group)):
        write_column(name, field)
    if entry.age:
        parse_microseconds(entry.age)
