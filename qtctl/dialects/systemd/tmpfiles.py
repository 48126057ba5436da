"""tmpfiles.d(5): folders as lines, and back. Only lines of type `d` are written and read."""

import re
from dataclasses import dataclass

from qtctl.dialects.systemd.columns import column, entries, line, optional
from qtctl.dialects.systemd.columns import parse as columns
from qtctl.dialects.systemd.quoting import simple_path
from qtctl.dialects.systemd.timespan import microseconds
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
    """InputError where systemd-tmpfiles could not take it as it is meant."""
    try:
        _check(entry)
        return _line(entry)
    except InputError as error:
        raise InputError(f"{entry.path!r}: {error.what}", hint=error.hint) from error


def _line(entry: Entry) -> str:
    return line(
        FOLDER,
        column(entry.path, "path"),
        entry.mode,
        column(entry.user, "user"),
        column(entry.group, "group"),
        optional(entry.age, "age"),
    )


def parse(text: str, name: str) -> tuple[Entry, ...]:
    """Every entry of a file. InputError, with the line, where one is none, or is none that `write` could write."""
    return entries(text, name, _read)


def _read(text: str) -> Entry:
    kind, *values = columns(text, _COLUMNS)
    if kind != FOLDER:
        raise InputError(f"a line of type {kind!r}", hint="only d is read here")
    entry = Entry(*values)
    _check(entry)
    return entry


def _check(entry: Entry) -> None:
    if simple_path(entry.path, "path") != entry.path:
        raise InputError("path: not a plain path", hint=f"write {simple_path(entry.path, 'path')}")
    if _MODE.fullmatch(entry.mode) is None:
        raise InputError(f"mode: {entry.mode!r} is not four octal digits")
    for field, name in (("user", entry.user), ("group", entry.group)):
        column(name, field)
    if entry.age:
        microseconds(entry.age)
