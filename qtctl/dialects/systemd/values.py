"""Whether a value is of the kind that systemd says a directive takes; only kinds whose whole form is known here."""

import re
from collections.abc import Callable
from fractions import Fraction

from qtctl.dialects.systemd import size, timespan
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.calendar import has_specifier
from qtctl.dialects.systemd.choices import find_choice_check
from qtctl.dialects.systemd.exec_lines import read_commands
from qtctl.dialects.systemd.splitting import Escapes, NotUtf8, split, split_plain_words
from qtctl.dialects.systemd.unit_name import is_valid
from qtctl.errors import InputError

_FREE_TEXT = frozenset(("STRING", "URL", "CONDITION", "REGEX"))
_NUMBER = r"\+?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)"
_UNSIGNED = re.compile(_NUMBER)
_BASES = {"0b": 2, "0o": 8, "0x": 16}
_SHARE = re.compile(rf"({_NUMBER})(?:(?:\.([0-9]{{1,2}}))?%|(?:\.([0-9]))?\u2030|\u2031)")
_MEMORY = re.compile(r"(Default)?(Startup)?Memory(Min|Low|High|Max|SwapMax|ZSwapMax|Limit)$")
_NEVER_0 = ("MemoryHigh", "MemoryMax", "MemoryLimit")
_RLIMIT = re.compile(r"Limit[A-Z]+$")
_OF_BYTES = frozenset(f"Limit{name}" for name in ("AS", "CORE", "DATA", "FSIZE", "MEMLOCK", "MSGQUEUE", "RSS", "STACK"))
_OF_SECONDS = ("LimitCPU", "LimitRTTIME")
_OF_TIMERS = re.compile("On(Active|Boot|Startup|UnitActive|UnitInactive)Sec")
"""systemd expands specifiers before it reads the time."""
_TIMES = re.compile(r"On(Active|Boot|Startup|UnitActive|UnitInactive)Sec$")
_ODD_PROGRAM = re.compile(r"^[^/%].*/|/$")
"""A relative path, or a folder."""
_NO_SPECIFIER = re.compile("%[0-9]")
_ACCOUNT = re.compile(r"[^/:\x00-\x1f\x7f]+")
_NANOSECONDS = re.compile(r"[0-9]+(\.[0-9]+)? *(ns|nsec)\b")
_SPECIFIER = re.compile("%[A-Za-z]")
_KNOWN_SPECIFIER = re.compile("%[%aAbBCdEfgGhHiIjJlLmMnNopPqsStTuUvVwW]")
"""Those that 252 knows."""
_OUTPUT = re.compile(
    r"(journal|kmsg|syslog)(\+console)?|null|inherit|tty|socket|fd(:.+)?|(append|file|truncate):[/%].*"
)
_NAMESPACE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:@-]*")
_LARGEST = 2**32 - 1
_NEWEST = 2**31
"""A version that knows every word."""


def explain_value_trouble(key: str, kind: str, value: str, version: int = _NEWEST) -> str | None:
    """Why systemd ignores an assignment of `value`, without showing it. None if it takes it, or it is not known here.

    `version`: for words that came with a version.

    An ignored line leaves the earlier assignment in force. An empty value is ignored too if the kind has no empty
    value. Calendar expressions are judged in `calendar`.
    """
    if key in _FATAL:
        return None
    if not value:
        never = kind in _NEVER_EMPTY or key in _NEVER_EMPTY or (kind == "LIMIT" and _RLIMIT.match(key))
        return "is empty" if never else None
    check = _check_of(key, kind, version)
    return check(value) if check else None


def is_surely_taken(key: str, kind: str, value: str) -> bool:
    """Whether systemd certainly takes an assignment of `value`. For a scalar, it then forgets the earlier one."""
    if not value:
        return explain_value_trouble(key, kind, value) is None
    if key in _FATAL or _has_odd_specifiers(value):
        return False
    check = _check_of(key, kind, _NEWEST)
    return check(value) is None if check else kind in ("STRING", "NODE")


def _has_odd_specifiers(value: str) -> bool:
    return "%" in _KNOWN_SPECIFIER.sub("", value)


def _check_of(key: str, kind: str, version: int) -> Callable[[str], str | None] | None:
    return (
        None if key in _OF_ITS_OWN else _find_check(key) or find_choice_check(key, kind, version) or _CHECKS.get(kind)
    )


def explain_part_trouble(kind: str, value: str) -> str | None:
    """Why systemd drops some words of a list and takes the others."""
    if kind != "UNIT [...]":
        return None
    taken = list_kept_units(value)
    return "names something that is not a unit" if taken and len(taken) < len(split_plain_words(value)) else None


def list_kept_units(value: str) -> tuple[str, ...]:
    """The words of a list of units that systemd takes."""
    return tuple(word for word in split_plain_words(value) if names_unit(word))


def names_unit(word: str) -> bool:
    """Whether it can be a unit name, whatever its specifiers stand for."""
    return is_valid(_SPECIFIER.sub("x", word)) or (
        bool(_SPECIFIER.search(word)) and is_valid(_SPECIFIER.sub("a.mount", word))
    )


def has_inline_comment(kind: str, value: str) -> bool:
    """Whether a value seems to have a comment after it: to systemd that is part of the value."""
    if not re.search(r"(^|[ \t])#", value) or kind in _FREE_TEXT:
        return False
    if '"' not in value and "'" not in value:
        return True
    try:
        words = split(value, Escapes.C_RELAXED)
    except InputError:
        return False
    return any(word.startswith("#") and f'"{word}' not in value and f"'{word}" not in value for word in words)


def _find_check(key: str) -> Callable[[str], str | None] | None:
    if _MEMORY.match(key):
        return lambda value: _check_memory(key, value)
    if _OF_TIMERS.fullmatch(key):
        return lambda value: None if has_specifier(value) else _check_seconds(value)
    if _TIMES.match(key):
        return _check_seconds
    if _RLIMIT.match(key):
        return lambda value: _check_rlimit(key, value)
    return _BY_KEY.get(key)


def _check_boolean(value: str) -> str | None:
    return None if parse_boolean(value) is not None else "is neither yes nor no"


def _check_seconds(value: str) -> str | None:
    return _explain_refused(timespan.parse_microseconds, value, "is not a time span")


def _check_memory(key: str, value: str) -> str | None:
    share = _parse_share(value)
    if share is not None and share > 1:
        return "is more than all memory"
    if share is None and (wrong := _explain_refused(size.parse_bytes, value, "is not a size")):
        return wrong
    if key not in _NEVER_0:
        return None
    return "is nothing" if (size.parse_bytes(value) if share is None else share) == 0 else None


def _check_tasks(value: str) -> str | None:
    share = _parse_share(value)
    if value == "infinity" or (share is not None and share <= 1):
        return None
    return (
        None if _UNSIGNED.fullmatch(value) and 0 < _parse_number(value) < size.INFINITY else "is not a number of tasks"
    )


def _check_size(value: str) -> str | None:
    if value.isdecimal() and int(value) <= size.INFINITY:
        return None
    return "is not a size" if value == "infinity" else _explain_refused(size.parse_bytes, value, "is not a size")


def _check_nanoseconds(value: str) -> str | None:
    rest = _NANOSECONDS.sub("", value).strip()
    return _check_seconds(rest) if rest or not value.strip() else None


def _check_accounts(value: str) -> str | None:
    return next((wrong for word in value.split() if (wrong := _check_account(word))), None)


def _check_absolute(value: str) -> str | None:
    sound = re.match(r"/|%[^%]", value) and ".." not in value.split("/")
    return None if sound else "is not an absolute path without .."


def _check_quota(value: str) -> str | None:
    return None if _parse_share(value) else "is not a percentage above 0"


def _parse_share(value: str) -> Fraction | None:
    """12.5% as a fraction of 1; None if it is not a percentage (permyriads at most)."""
    match = _SHARE.fullmatch(value)
    if match is None:
        return None
    whole, digits = _parse_number(match[1]), match[2] or match[3] or ""
    parts = {"%": 100, "\u2030": 1000, "\u2031": 10000}[value[-1]]
    return (whole + Fraction(int(digits or 0), 10 ** len(digits))) / parts


def _parse_number(text: str) -> int:
    digits = text.lstrip("+").lower()
    base = _BASES.get(digits[:2])
    if base is not None:
        return int(digits[2:], base)
    return int(digits, 8 if digits.startswith("0") else 10)


def _check_unsigned(value: str) -> str | None:
    return None if _UNSIGNED.fullmatch(value) and _parse_number(value) <= _LARGEST else "is not a number"


def _check_units(value: str) -> str | None:
    return None if list_kept_units(value) else "names something that is not a unit"


def _check_rlimit(key: str, value: str) -> str | None:
    """One limit, or soft:hard."""
    limits = [_parse_limit(key, part) for part in value.split(":", 1)]
    found = [limit for limit in limits if limit is not None]
    if len(found) < len(limits):
        return "is not a limit"
    return None if found == sorted(found) else "has a soft limit above the hard one"


def _parse_limit(key: str, text: str) -> int | None:
    """As the kernel counts it; None if it is not a number."""
    if text == "infinity":
        return size.INFINITY
    if key not in _OF_SECONDS and key not in _OF_BYTES:
        return found if _UNSIGNED.fullmatch(text) and (found := _parse_number(text)) < size.INFINITY else None
    try:
        return timespan.parse_microseconds(text) if key in _OF_SECONDS else size.parse_bytes(text)
    except InputError:
        return None


def _check_restart(value: str) -> str | None:
    words = "no always on-success on-failure on-abnormal on-abort on-watchdog"
    return None if value in words.split() else f"is none of {words}"


def _explain_refused(read: Callable[[str], int], value: str, what: str) -> str | None:
    try:
        read(value)
    except InputError:
        return what
    return None


def _check_slice(value: str) -> str | None:
    return None if names_unit(value) and (value.endswith(".slice") or _SPECIFIER.search(value)) else "is not a slice"


def _check_unit(value: str) -> str | None:
    return None if names_unit(value) else "is not a unit"


def _check_directory(value: str) -> str | None:
    return None if re.match(r"-?(/|~$|%)", value) else "is neither an absolute path nor ~"


def _check_command(value: str) -> str | None:
    """Whether systemd takes the line at all; whether the programs exist is checked elsewhere."""
    try:
        commands = read_commands(value)
    except NotUtf8:
        return None
    except InputError as error:
        return f"is not a command line ({error.what})"
    if _NO_SPECIFIER.search(value.replace("%%", "")):
        return "has a % that is not a specifier"
    odd = [each.path for each in commands if _ODD_PROGRAM.search(each.path)]
    return "runs something that is neither an absolute path nor the name of a program" if odd else None


def _check_output(value: str) -> str | None:
    return None if _OUTPUT.fullmatch(value) else "is not something that output can be connected to"


def _check_namespace(value: str) -> str | None:
    sound = "%" in value or _NAMESPACE.fullmatch(value)
    return None if sound else "is not the name of a log namespace"


def _check_account(value: str) -> str | None:
    return None if not value or _ACCOUNT.fullmatch(value) else "is not the name of an account"


_BY_KEY: dict[str, Callable[[str], str | None]] = {
    "CPUQuota": _check_quota,
    "CPUQuotaPeriodSec": _check_seconds,
    "Group": _check_account,
    "JobRunningTimeoutSec": _check_seconds,
    "JobTimeoutSec": _check_seconds,
    "LogNamespace": _check_namespace,
    "MountAPIVFS": _check_boolean,
    "TTYColumns": _check_unsigned,
    "TTYRows": _check_unsigned,
    "TimeoutAbortSec": _check_seconds,
    "TimeoutIdleSec": _check_seconds,
    "TimeoutStopSec": _check_seconds,
    "Restart": _check_restart,
    "Service": _check_unit,
    "Slice": _check_slice,
    "SupplementaryGroups": _check_accounts,
    "TasksMax": _check_tasks,
    "Unit": _check_unit,
    "User": _check_account,
    "WorkingDirectory": _check_directory,
}
_NEVER_EMPTY_KINDS = (
    "ACCESS ACTION BOOLEAN CPUSCHEDPRIO FACILITY INPUT INTEGER LEVEL LONG MODE NANOSECONDS OUTPUT POLICY "
    "SECONDS SERVICE SERVICEEXITTYPE SERVICERESTART SERVICETYPE SIGNAL SIZE SLICE SOCKETBIND TIMEOUTMODE UNIT "
    "UNSIGNED"
)
_NEVER_EMPTY_KEYS = (
    "BusName CollectMode DefaultInstance JobRunningTimeoutSec JobTimeoutSec KeyringMode "
    "ManagedOOMPreference OOMPolicy ProcSubset ProtectHome ProtectProc ProtectSystem RequiresOverridable "
    "RequisiteOverridable RuntimeDirectoryPreserve SocketProtocol TimeoutIdleSec TimeoutSec TimeoutStopSec "
    "Timestamping UtmpMode"
)
_NEVER_EMPTY = frozenset((*_NEVER_EMPTY_KINDS.split(), *_NEVER_EMPTY_KEYS.split()))
"""Kinds, and directives of the kind OTHER, for which systemd ignores an empty assignment: it does not reset them."""
_FATAL = frozenset(("DynamicUser",))
"""Directives with which a bad value keeps the unit from starting."""
_OF_ITS_OWN = frozenset(("ExecSearchPath", "LimitNICE"))
"""Directives whose value has a form of its own that its kind does not tell."""
_CHECKS: dict[str, Callable[[str], str | None]] = {
    "BOOLEAN": _check_boolean,
    "OUTPUT": _check_output,
    "NANOSECONDS": _check_nanoseconds,
    "PATH": _check_absolute,
    "SECONDS": _check_seconds,
    "SIZE": _check_size,
    "UNSIGNED": _check_unsigned,
    "UNIT [...]": _check_units,
    "PATH [ARGUMENT [...]]": _check_command,
}
