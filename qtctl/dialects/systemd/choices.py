"""Directives that take one of a few words, or a number in a range; of all measured versions together."""

import re
from collections.abc import Callable, Mapping

from qtctl.dialects.systemd.booleans import parse_boolean

Check = Callable[[str], str | None]

_ACTIONS = (
    "none reboot reboot-force reboot-immediate poweroff poweroff-force poweroff-immediate exit exit-force soft-reboot "
    "soft-reboot-force kexec kexec-force halt halt-force halt-immediate"
)
_JOB_MODES = (
    "fail lenient replace replace-irreversibly isolate flush ignore-dependencies ignore-requirements triggering "
    "restart-dependencies"
)
_FACILITIES = (
    "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp local0 local1 local2 local3 local4 local5 "
    "local6 local7"
)
_LEVELS = "emerg alert crit err warning notice info debug"
_WORDS: Mapping[str, str] = {
    "CollectMode": "inactive inactive-or-failed",
    "DevicePolicy": "auto closed strict",
    "ExitType": "main cgroup",
    "FailureAction": _ACTIONS,
    "JobTimeoutAction": _ACTIONS,
    "KeyringMode": "inherit private shared",
    "KillMode": "control-group process mixed none",
    "ManagedOOMMemoryPressure": "auto kill",
    "ManagedOOMPreference": "none avoid omit",
    "ManagedOOMSwap": "auto kill",
    "NotifyAccess": "none main exec all",
    "NUMAPolicy": "default preferred bind interleave local",
    "OOMPolicy": "continue stop kill",
    "OnFailureJobMode": _JOB_MODES,
    "OnSuccessJobMode": _JOB_MODES,
    "ProcSubset": "all pid",
    "ProtectProc": "noaccess invisible ptraceable default",
    "StartLimitAction": _ACTIONS,
    "SuccessAction": _ACTIONS,
    "TimeoutStartFailureMode": "terminate abort kill",
    "TimeoutStopFailureMode": "terminate abort kill",
    "UtmpMode": "init login user",
}
_KNOWN: Mapping[str, str] = {"SERVICETYPE": "simple exec forking oneshot dbus notify notify-reload idle"}
"""By kind of value, because [Mount] has a Type= too."""
_SINCE: Mapping[tuple[str, str], int] = {("SERVICETYPE", "exec"): 240, ("SERVICETYPE", "notify-reload"): 253}
"""Kind and word → the first systemd that knows it."""
_OR_BOOLEAN: Mapping[str, str] = {
    "BindIPv6Only": "default both ipv6-only",
    "ProtectHome": "read-only tmpfs",
    "ProtectSystem": "full strict",
    "RuntimeDirectoryPreserve": "restart",
    "Timestamping": "off us ns usec nsec \u00b5s",
}
_OR_NUMBER: Mapping[str, tuple[str, int, int]] = {
    "CPUSchedulingPolicy": ("other batch idle fifo rr ext", 0, 2**31 - 1),
    "CPUWeight": ("idle", 1, 10000),
    "IOSchedulingClass": ("none realtime best-effort idle", 0, 8),
    "IOSchedulingPriority": ("", 0, 7),
    "IOWeight": ("", 1, 10000),
    "LogLevelMax": (_LEVELS, 0, 7),
    "Nice": ("", -20, 19),
    "OOMScoreAdjust": ("", -1000, 1000),
    "StartupCPUWeight": ("idle", 1, 10000),
    "StartupIOWeight": ("", 1, 10000),
    "SyslogFacility": (_FACILITIES, 0, 127),
    "SyslogLevel": (_LEVELS, 0, 7),
}
_INTEGER = re.compile(r"([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_BASES = {"0x": 16, "0b": 2, "0o": 8}
_PERMISSIONS = re.compile("0*[0-7]{1,4}")
_MODES = re.compile(r"(UMask|[A-Za-z]+Mode)$")
_SIGNALS = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG "
    "XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
)
_SIGNAL = re.compile(
    rf"(SIG)?({_SIGNALS.replace(' ', '|')}|RTMIN(\+([0-9]|[12][0-9]|30))?|RTMAX(-([0-9]|[12][0-9]|30))?)"
    r"|\+?([1-9]|[1-5][0-9]|6[0-4])"
)


def parse_integer(text: str) -> int | None:
    """An integer as systemd reads it, in any of its bases."""
    match = _INTEGER.fullmatch(text)
    if match is None:
        return None
    digits = match[2].lower()
    base = _BASES.get(digits[:2]) or (8 if digits.startswith("0") else 10)
    number = int(digits[2:], base) if digits[:2] in _BASES else int(digits, base)
    return -number if match[1] == "-" else number


def find_choice_check(key: str, kind: str, version: int) -> Check | None:
    """How systemd `version` judges a value of the directive; None for other directives."""
    words = _KNOWN.get(kind) or _WORDS.get(key)
    if words:
        there = " ".join(word for word in words.split() if _SINCE.get((kind, word), 0) <= version)
        return lambda value: _check_one_of(there, value)
    if key in _OR_BOOLEAN:
        return lambda value: None if parse_boolean(value) is not None else _check_one_of(_OR_BOOLEAN[key], value)
    if key in _OR_NUMBER:
        return lambda value: _check_range(*_OR_NUMBER[key], value)
    if kind == "MODE" and _MODES.match(key):
        return lambda value: None if _PERMISSIONS.fullmatch(value) else "is not a file mode"
    if kind == "SIGNAL":
        return lambda value: None if _SIGNAL.fullmatch(value) else "is not a signal"
    return None


def _check_one_of(words: str, value: str) -> str | None:
    return None if value in words.split() else f"is none of {words}"


def _check_range(words: str, low: int, high: int, value: str) -> str | None:
    number = parse_integer(value)
    if value in words.split() or (number is not None and low <= number <= high):
        return None
    return f"is not a number from {low} to {high}{f', nor one of {words}' if words else ''}"
