"""sysusers.d(5): users, groups and memberships as lines, and back."""

import re
from dataclasses import dataclass
from enum import StrEnum

from qtctl.dialects.systemd.columns import NOTHING, read_entries, write_column, write_line, write_optional
from qtctl.dialects.systemd.columns import parse as columns
from qtctl.dialects.systemd.quoting import simplify_path
from qtctl.errors import InputError

NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,30}"
"""What valid_user_group_name() accepts for a name to be created."""
_NAME = re.compile(NAME)
_NUMBER = "[1-9][0-9]{0,9}"
_ID = re.compile(rf"{_NUMBER}|({_NUMBER}|-):{NAME}")
_COLUMNS = 6


class Kind(StrEnum):
    USER = "u"
    GROUP = "g"
    MEMBER = "m"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `id`: for a user '', a uid, or `uid:group` with `-` for any uid; for a group '' or its gid; for a
    membership the group.
    """

    kind: Kind
    name: str
    id: str = ""
    gecos: str = ""
    home: str = ""
    shell: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Two entries with the same key contradict each other, or are equal."""
        return (self.kind, self.name, self.id) if self.kind is Kind.MEMBER else (self.kind, self.name)


def write(entry: Entry) -> str:
    """InputError if systemd-sysusers would not take it as meant."""
    try:
        _check(entry)
        return _write_line(entry)
    except InputError as error:
        raise InputError(f"{entry.name}: {error.what}", hint=error.hint) from error


def _write_line(entry: Entry) -> str:
    return write_line(
        entry.kind,
        entry.name,
        entry.id or NOTHING,
        write_optional(entry.gecos, "summary"),
        write_optional(entry.home, "home"),
        write_optional(entry.shell, "shell"),
    )


def parse(text: str, name: str) -> tuple[Entry, ...]:
    """Every entry of a file. InputError with the line if it is not an entry, or not one that `write` writes."""
    return read_entries(text, name, _read)


def _read(text: str) -> Entry:
    kind, *values = columns(text, _COLUMNS)
    if kind not in tuple(Kind):
        raise InputError(f"a line of type {kind!r}", hint="only u, g and m are read here")
    entry = Entry(Kind(kind), *values)
    _check(entry)
    return entry


def _check(entry: Entry) -> None:
    if _NAME.fullmatch(entry.name) is None:
        raise InputError(f"{entry.name!r} is not a valid name for a user or a group", hint=_HINT)
    _check_id(entry)
    if entry.kind is not Kind.USER:
        if entry.gecos or entry.home or entry.shell:
            raise InputError("only a user has a comment, a home and a shell")
        return
    if entry.gecos:
        _check_comment(entry.gecos)
    for field, path in (("home", entry.home), ("shell", entry.shell)):
        if path:
            _check_path(path, field)


def _check_id(entry: Entry) -> None:
    if entry.kind is Kind.MEMBER:
        if _NAME.fullmatch(entry.id) is None:
            raise InputError(f"{entry.id!r} cannot name a group", hint=_HINT)
    elif entry.id and _ID.fullmatch(entry.id) is None:
        raise InputError(f"{entry.id!r} is not an id")
    elif entry.kind is Kind.GROUP and entry.id and not entry.id.isdigit():
        raise InputError(f"{entry.id!r} is not a group id")


def _check_comment(text: str) -> None:
    write_column(text, "summary")
    if ":" in text:
        raise InputError("summary: holds a colon, which the user database cannot hold", hint="write it without")


def _check_path(text: str, field: str) -> None:
    if ":" in text:
        raise InputError(f"{field}: holds a colon, which the user database cannot hold", field=field)
    if simplify_path(text, field) != text:
        raise InputError(f"{field}: not a plain path", hint=f"write {simplify_path(text, field)}", field=field)


_HINT = "a letter or _, then letters, digits, _ and -, at most 31"
