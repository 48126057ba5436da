"""Plain YAML scalars as Compose's YAML library reads them: YAML 1.2 with the octals and underscores of 1.1."""

import re
import struct
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Final

_WORDS: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_INTEGERS: Final = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[-+]?0[bB][01]+"), 2),
    (re.compile(r"[-+]?0[oO][0-7]+"), 8),
    (re.compile(r"[-+]?0[0-7]+"), 8),
    (re.compile(r"[-+]?(0|[1-9][0-9]*)"), 10),
)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIME = "[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\\.[0-9]+)?"
_DATE: Final = re.compile(
    rf"([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}})(?:[Tt]{_TIME}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})| {_TIME})?"
)
_MOST_DIGITS = 400
_SIGNED, _UNSIGNED = 1 << 63, 1 << 64
_PLAIN_EXPONENTS = (-4, 6)
"""Go writes numbers with other exponents as 1e+06."""

Plain = str | int | float | bool | None


def parse_plain(text: str) -> Plain:
    """The value of a scalar without quotes and tag. Dates stay text: see `is_date`."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > _MOST_DIGITS:
        return text
    digits = text if text[0] == "." else text.replace("_", "")
    number = _parse_integer(digits)
    if number is not None:
        return number
    return float(digits) if _FLOAT.fullmatch(digits) else text


def is_date(text: str) -> bool:
    """Whether Compose's YAML library takes a scalar without quotes for a date, or a date and time."""
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    try:
        date(*map(int, found.groups()))
    except ValueError:
        return False
    return True


def _parse_integer(digits: str) -> int | None:
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(digits):
            number = int(digits, base)
            return number if -_SIGNED <= number < _UNSIGNED else None
    return None


def write_plain(value: Plain) -> str:
    """A scalar as Compose passes it on as text, printed the way Go does."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_go_float(value) if isinstance(value, float) else str(value)


def format_go_float(value: float) -> str:
    if not isfinite(value):
        return {float("inf"): "+Inf", float("-inf"): "-Inf"}.get(value, "NaN")
    negative, digits, exponent = Decimal(repr(value)).as_tuple()
    sign, shown = "-" if negative else "", "".join(map(str, digits)).rstrip("0")
    if not shown:
        return f"{sign}0"
    power = len(digits) - 1 + int(exponent)
    low, high = _PLAIN_EXPONENTS
    if low <= power < high:
        plain_digits = f"{Decimal(repr(value)):f}"
        return plain_digits.rstrip("0").rstrip(".") if "." in plain_digits else plain_digits
    fraction = f".{shown[1:]}" if shown[1:] else ""
    return f"{sign}{shown[0]}{fraction}e{power:+03d}"


def round_to_single(value: float) -> float:
    """The shortest number equal to the 32-bit float: this is how Compose keeps `cpus`."""
    try:
        (exact,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return value
    for digits in range(1, 10):
        shortest = float(f"{exact:.{digits}g}")
        if struct.pack("f", shortest) == struct.pack("f", exact):
            return shortest
    return float(exact)
