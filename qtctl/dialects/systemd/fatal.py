"""Values that make systemd stop reading a file and not load the unit (load-fragment.c).

In a drop-in they only drop the rest of the drop-in, and the unit is loaded. After a `-`, only the line is dropped.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.exec_lines import split_raw_words
from qtctl.dialects.systemd.specifiers import find_unresolved, make_sample
from qtctl.dialects.systemd.splitting import Escapes, NotUtf8, split
from qtctl.dialects.systemd.table.lookup import Standing, find_standing, list_unit_sections
from qtctl.dialects.systemd.unit_name import is_template, name_instance
from qtctl.errors import InputError

TRIED = "i"
"""The instance that stands for its template, as in systemd-analyze verify."""
EXEC_SECTIONS = frozenset(("Service", "Socket", "Mount", "Swap"))
_COMMANDS = {
    "Service": frozenset((
        "ExecCondition", "ExecReload", "ExecStart", "ExecStartPost", "ExecStartPre", "ExecStop", "ExecStopPost",
    )),
    "Socket": frozenset(("ExecStartPost", "ExecStartPre", "ExecStopPost", "ExecStopPre")),
}  # fmt: skip
_MAX_PATH, _MAX_NAME = 4095, 255
_UNSAFE = re.compile("[\x01-\x1f\x7f\"'\\\\]")
_QUOTED = re.compile("[\"'\\\\]")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_LARGEST_UID = 2**32 - 2
_NO_UID = 2**16 - 1
_FOLDER_BY_DOTS = 253
"""From this version on, a program path that ends with /. or /.. counts as a folder too."""

_NAMES_MEASURED = 248
"""From this version on, the length of a program's name is limited."""


@dataclass(frozen=True, slots=True)
class ValueTrouble:
    """Why systemd refuses a value; `fatal`: it refuses the rest of the file too. Never shows the value."""

    what: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class ExecLine:
    """How many commands of a line systemd takes, and what is wrong with the next one."""

    commands: int
    trouble: ValueTrouble | None = None


def find_fatal(unit: str, section: str, key: str, value: str, version: int) -> ValueTrouble | None:
    """Why systemd `version` refuses `value` in a unit of that name, for directives where that can be fatal.

    None if it takes it, and for all other directives. The instance `i` stands for its template.
    """
    if not can_be_fatal(section, key) or section not in list_unit_sections(unit):
        return None
    if find_standing(section, key, version) is Standing.UNKNOWN:
        return None
    unit = name_instance(unit, TRIED) if is_template(unit) else unit
    if key in _COMMANDS.get(section, ()):
        return read_exec_line(value, unit, version).trouble
    if not value and key != "DynamicUser":
        return None
    return _CHECKS.get(key, _check_account)(value, unit, version)


def can_be_fatal(section: str, key: str) -> bool:
    """Whether some value of the directive makes systemd stop reading the file."""
    if key in _COMMANDS.get(section, ()):
        return True
    return (section in EXEC_SECTIONS and key in _CHECKS) or (section == "Socket" and key in _OF_SOCKETS)


@lru_cache(maxsize=4096)
def read_exec_line(value: str, unit: str, version: int) -> ExecLine:
    """Exec*= as systemd reads it: commands separated by a `;` word."""
    count = 0
    for raw in _split_commands(value):
        trouble = _check_command(raw, unit, version)
        if trouble is not None:
            return ExecLine(count, trouble)
        count += 1
    return ExecLine(count)


def _split_commands(value: str) -> Iterator[list[str]]:
    """The raw words of each command; the last is "" if a quote is not closed."""
    words: list[str] = []
    for raw in (*split_raw_words(value), ";"):
        if raw != ";":
            words.append(raw)
        elif words:
            yield words
            words = []


def _check_command(raw: list[str], unit: str, version: int) -> ValueTrouble | None:
    first = _unquote_word(raw[0])
    if first is None:
        return ValueTrouble("has a quote that is not closed", fatal=False)
    flags, path = _split_prefixes(first)
    fatal = "-" not in flags
    bad = find_unresolved(path, unit, version)
    if bad:
        return ValueTrouble(f"has {bad}, which is not a specifier", fatal)
    wrong = _check_program(make_sample(path, unit), version)
    if wrong:
        return ValueTrouble(wrong, fatal)
    wrong = _check_arguments(raw[1:], unit, version)
    if wrong:
        return ValueTrouble(wrong, fatal)
    if "@" in flags and len(raw) == 1:
        return ValueTrouble("has the prefix @ without a process name after the program", fatal)
    return None


def _unquote_word(raw: str) -> str | None:
    """Unquoted; None if it cannot be. Escapes for bytes that are not UTF-8 stay as written: systemd takes them."""
    if raw and not _QUOTED.search(raw):
        return raw
    try:
        return _unquote_first(raw, Escapes.C_RELAXED)
    except NotUtf8:
        return _unquote_first(raw, Escapes.LITERAL)
    except InputError:
        return None


def _unquote_first(raw: str, escapes: Escapes) -> str | None:
    return next(iter(split(raw, escapes)), None)


def _split_prefixes(word: str) -> tuple[str, str]:
    """The prefixes that systemd takes, and the rest: the program."""
    taken = ""
    for char in word:
        once = char in "-@:" and char not in taken
        privileged = taken.translate(_PLAIN)
        plus = char == "+" and not privileged
        bang = char == "!" and privileged in ("", "!")
        if not (once or plus or bang):
            break
        taken += char
    return taken, word[len(taken) :]


_PLAIN = str.maketrans("", "", "-@:")


def _check_program(path: str, version: int) -> str:
    if not path:
        return "has no program"
    if _UNSAFE.search(path):
        return "has a program with special characters in its name"
    if path.endswith("/") or (version >= _FOLDER_BY_DOTS and path.endswith(("/.", "/.."))):
        return "names a folder as its program"
    names = path.split("/")
    too_long = version >= _NAMES_MEASURED and (
        len(path.encode()) > _MAX_PATH or any(len(name.encode()) > _MAX_NAME for name in names)
    )
    relative = not path.startswith("/") and (len(names) > 1 or path in (".", ".."))
    return "runs something that is neither an absolute path nor the name of a program" if relative or too_long else ""


def _check_arguments(raw: list[str], unit: str, version: int) -> str:
    for each in raw:
        word = ";" if each == "\\;" else _unquote_word(each)
        if word is None:
            return "has a quote that is not closed"
        bad = find_unresolved(word, unit, version)
        if bad:
            return f"has {bad}, which is not a specifier: write %{bad} for a percent sign"
    return ""


def _check_account(value: str, unit: str, version: int) -> ValueTrouble | None:
    bad = find_unresolved(value, unit, version)
    if bad:
        return ValueTrouble(f"has {bad}, which is not a specifier", fatal=True)
    return (
        None if _names_account(make_sample(value, unit)) else ValueTrouble("is not the name of an account", fatal=True)
    )


def _names_account(name: str) -> bool:
    digits = name.removeprefix("-")
    if digits.isascii() and digits.isdecimal():
        sound = name == digits and (name == "0" or not name.startswith("0"))
        return sound and int(name) <= _LARGEST_UID and int(name) != _NO_UID
    bare = name.startswith(" ") or name.endswith(" ") or name in ("", ".", "..")
    return not bare and not _CONTROL.search(name) and ":" not in name and "/" not in name


def _check_accounts(value: str, unit: str, version: int) -> ValueTrouble | None:
    return next((wrong for word in value.split() if (wrong := _check_account(word, unit, version))), None)


def _check_path(value: str, unit: str, version: int) -> ValueTrouble | None:
    return _is_path(value, unit, version, fatal=True)


def _is_path(value: str, unit: str, version: int, *, fatal: bool) -> ValueTrouble | None:
    bad = find_unresolved(value, unit, version)
    if bad:
        return ValueTrouble(f"has {bad}, which is not a specifier", fatal)
    path = make_sample(value, unit)
    names = path.split("/")
    too_long = len(path.encode()) > _MAX_PATH or any(len(name.encode()) > _MAX_NAME for name in names)
    if not path.startswith("/") or ".." in names or too_long:
        return ValueTrouble("is not an absolute path without ..", fatal)
    return None


def _check_directory(value: str, unit: str, version: int) -> ValueTrouble | None:
    path = value.removeprefix("-")
    return None if path == "~" else _is_path(path, unit, version, fatal=path == value)


def _check_label(value: str, unit: str, version: int) -> ValueTrouble | None:
    """An SELinux context or the like; a `-` makes errors harmless."""
    bad = find_unresolved(value.removeprefix("-"), unit, version)
    return ValueTrouble(f"has {bad}, which is not a specifier", not value.startswith("-")) if bad else None


def _check_boolean(value: str, unit: str, version: int) -> ValueTrouble | None:  # noqa: ARG001 - as the others are called
    return None if parse_boolean(value) is not None else ValueTrouble("is neither yes nor no", fatal=True)


_OF_SOCKETS = frozenset(("SocketUser", "SocketGroup"))
_CHECKS: dict[str, Callable[[str, str, int], ValueTrouble | None]] = {
    "AppArmorProfile": _check_label,
    "DynamicUser": _check_boolean,
    "Group": _check_account,
    "RootDirectory": _check_path,
    "RootImage": _check_path,
    "RootVerity": _check_path,
    "SELinuxContext": _check_label,
    "SmackProcessLabel": _check_label,
    "SupplementaryGroups": _check_accounts,
    "User": _check_account,
    "WorkingDirectory": _check_directory,
}
