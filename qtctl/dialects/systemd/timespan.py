"""Time spans as systemd reads them: "5s", "2min 30s", "1.5h", "infinity" (systemd.time(7), parse_time)."""

import re

from qtctl.errors import InputError

INFINITY = 2**64 - 1
"""How systemd and its D-Bus properties express "infinity", in microseconds."""

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_UNITS = {
    **dict.fromkeys(("seconds", "second", "sec", "s", ""), _SECOND),
    **dict.fromkeys(("minutes", "minute", "min", "m"), _MINUTE),
    **dict.fromkeys(("hours", "hour", "hr", "h"), _HOUR),
    **dict.fromkeys(("days", "day", "d"), _DAY),
    **dict.fromkeys(("weeks", "week", "w"), 7 * _DAY),
    **dict.fromkeys(("months", "month", "M"), 2_629_800 * _SECOND),
    **dict.fromkeys(("years", "year", "y"), 31_557_600 * _SECOND),
    **dict.fromkeys(("msec", "ms"), 1000),
    **dict.fromkeys(("usec", "us", "\u00b5s", "\u03bcs"), 1),
}
_LARGEST = 2**63 - 1
_DIGITS = 20
_WHITESPACE = " \t\n\r"
_PART = re.compile(r"((?:\+?[0-9]+)?)(?:\.([0-9]+))?([ \t\n\r]*)([A-Za-z\u00b5\u03bc]*)([ \t\n\r]*)")


def parse_microseconds(span: str) -> int:
    """`span` in microseconds; `INFINITY` for "infinity". InputError if systemd would refuse it."""
    text = span.strip(_WHITESPACE)
    if text == "infinity":
        return INFINITY
    total, at = 0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or not (part[1] or part[2]) or _runs_on(part, len(text)):
            raise _make_error(span)
        total += _parse_part(span, part)
        at = part.end()
    if not text:
        raise _make_error(span)
    if total >= INFINITY:
        raise InputError(f"time span too long: {span!r}", hint="write infinity for no limit")
    return total


def _runs_on(part: re.Match[str], length: int) -> bool:
    """ "12.34.56": a number ends without a unit or space, and more follows."""
    return not (part[3] or part[4] or part[5]) and part.end() != length


def _parse_part(span: str, part: re.Match[str]) -> int:
    unit = _UNITS.get(part[4])
    if unit is None:
        raise _make_error(span)
    # Digit by digit, each truncated to whole microseconds, as parse_time does.
    digits = part[1].lstrip("+").lstrip("0")
    if len(digits) > _DIGITS:
        raise InputError("time span too long", hint="write infinity for no limit")
    if int(digits or "0") > _LARGEST:
        raise _make_error(span)
    whole, fraction = int(digits or "0") * unit, 0
    for digit in part[2] or "":
        unit //= 10
        fraction += int(digit) * unit
    return whole + fraction


def _make_error(span: str) -> InputError:
    return InputError(f"not a time span: {span!r}", hint='for example "5s", "2min 30s" or "infinity"')
