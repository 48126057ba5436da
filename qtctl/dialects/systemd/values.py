"""Whether a value is of the kind that systemd says a directive takes; only kinds whose whole form is known here."""

import re
from collections.abc import Callable

from qtctl.dialects.systemd import size, timespan
from qtctl.dialects.systemd.booleans import boolean
from qtctl.dialects.systemd.exec_lines import commands_of
from qtctl.dialects.systemd.words import Escapes, split
from qtctl.errors import InputError

_FREE_TEXT = frozenset(("STRING", "URL", "CONDITION", "REGEX"))
_PERCENT = re.compile(r"[0-9]+(\.[0-9]{1,2})?[%\u2030\u2031]$")
_MEMORY = re.compile(r"(Default)?(Startup)?Memory(Min|Low|High|Max|SwapMax|ZSwapMax|Limit)$")
_ODD_PROGRAM = re.compile(r"^[^/%].*/|/$")
"""A relative path, or a folder."""
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@%-]+\.(service|socket|target|device|mount|automount|swap|timer|path|slice|scope)$")


def names_unit(word: str) -> bool:
    """Whether a word is a unit's name, or one with specifiers in it."""
    return _UNIT.match(word) is not None or "%" in word


def value_trouble(key: str, kind: str, value: str) -> str | None:
    """What is wrong with `value`, without showing it; None where it is well, or cannot be judged here."""
    check = _by_key(key) or _CHECKS.get(kind)
    if "%" in value and not _PERCENT.match(value) and check is not _command:
        return None  # a specifier: the host's to say
    return check(value) if check else None


def inline_comment(kind: str, value: str) -> bool:
    """Whether a value has what looks like a comment after it: systemd knows none there, it is part of the value."""
    if not re.search(r"(^|[ \t])#", value) or kind in _FREE_TEXT:
        return False
    if '"' not in value and "'" not in value:
        return True
    try:
        words = split(value, Escapes.C_RELAXED)
    except InputError:
        return False
    return any(word.startswith("#") and f'"{word}' not in value and f"'{word}" not in value for word in words)


def _by_key(key: str) -> Callable[[str], str | None] | None:
    if _MEMORY.match(key):
        return _memory
    if key == "CPUQuota":
        return lambda value: None if _PERCENT.match(value) else "is no percentage"
    return _BY_KEY.get(key)


def _boolean(value: str) -> str | None:
    return None if boolean(value) is not None else "is neither yes nor no"


def _seconds(value: str) -> str | None:
    return _refused(timespan.microseconds, value, "is no time span")


def _memory(value: str) -> str | None:
    return None if _PERCENT.match(value) else _refused(size.bytes_of, value, "is no size")


def _unsigned(value: str) -> str | None:
    return None if re.fullmatch(r"\+?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[0-9]+)", value) else "is no number"


def _units(value: str) -> str | None:
    return None if all(_UNIT.match(word) for word in value.split()) else "names something that is no unit"


def _restart(value: str) -> str | None:
    words = "no always on-success on-failure on-abnormal on-abort on-watchdog"
    return None if value in words.split() else f"is none of {words}"


def _refused(read: Callable[[str], int], value: str, what: str) -> str | None:
    try:
        read(value)
    except InputError:
        return what
    return None


def _slice(value: str) -> str | None:
    return None if value.endswith(".slice") and _UNIT.match(value) else "is no slice"


def _unit(value: str) -> str | None:
    return None if _UNIT.match(value) else "is no unit"


def _directory(value: str) -> str | None:
    return None if re.match(r"-?(/|~$|%)", value) else "is neither an absolute path nor ~"


def _command(value: str) -> str | None:
    """Whether systemd takes the line at all; that the programs are there is another question."""
    try:
        commands = commands_of(value)
    except InputError as error:
        return f"is no command line ({error.what})"
    odd = [each.path for each in commands if _ODD_PROGRAM.search(each.path)]
    return "runs what is neither an absolute path nor the name of a program" if odd else None


_BY_KEY: dict[str, Callable[[str], str | None]] = {
    "Restart": _restart,
    "Service": _unit,
    "Slice": _slice,
    "Unit": _unit,
    "WorkingDirectory": _directory,
}
_CHECKS: dict[str, Callable[[str], str | None]] = {
    "BOOLEAN": _boolean,
    "SECONDS": _seconds,
    "UNSIGNED": _unsigned,
    "UNIT [...]": _units,
    "PATH [ARGUMENT [...]]": _command,
}
