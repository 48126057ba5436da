"""Sizes as systemd reads them: "512M", "1.5G", "infinity"; base 1024 (systemd.resource-control(5), parse_size)."""

import re
from fractions import Fraction

from qtctl.errors import InputError

INFINITY = 2**64 - 1
"""How systemd and its D-Bus properties express "infinity", in bytes."""

_ORDER = ("E", "P", "T", "G", "M", "K", "B", "")
_FACTORS = {"E": 1024**6, "P": 1024**5, "T": 1024**4, "G": 1024**3, "M": 1024**2, "K": 1024, "B": 1, "": 1}
_DIGITS = 20
_ZEROS = 30
_PART = re.compile(r"[ \t\n\r]*(\+?[0-9]+)(?:\.([0-9]*))?[ \t\n\r]*([EPTGMKB]?)")


def parse_bytes(size: str) -> int:
    """`size` in bytes; `INFINITY` for "infinity". Percentages depend on the host and are refused here.

    Parts add up if each has a smaller unit than the one before ("1G 512M"). InputError otherwise.
    """
    text = size.strip(" \t\n\r")
    if text == "infinity":
        return INFINITY
    total, at = 0, 0
    units: tuple[str, ...] = _ORDER
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or part[3] not in units:
            raise _make_error(size)
        whole, fraction = _parse_number(part[1]), _parse_fraction(part[2])
        if whole is None or fraction is None:
            raise _make_error(size)
        total += int((whole + fraction) * _FACTORS[part[3]])
        at, units = part.end(), units[units.index(part[3]) + 1 :]
    if not text or total >= INFINITY:
        raise _make_error(size)
    return total


def format_bytes(number: int) -> str:
    """Exactly this size, in the largest unit up to G of which it is a multiple: 100M, 1536K, 1000."""
    units = (unit for unit in "GMK" if number and number % _FACTORS[unit] == 0)
    return next((f"{number // _FACTORS[unit]}{unit}" for unit in units), str(number))


def _parse_number(digits: str) -> int | None:
    """None if it exceeds 64 bits; further digits cannot make it smaller."""
    significant = digits.lstrip("+").lstrip("0")
    return int(significant or "0") if len(significant) <= _DIGITS else None


def _parse_fraction(digits: str | None) -> Fraction | int | None:
    """Fraction of a unit: after so many zeros it is less than a byte of any unit."""
    if not digits or digits.startswith("0" * _ZEROS):
        return 0
    number = _parse_number(digits)
    return None if number is None or number > INFINITY else Fraction(number, 10 ** len(digits))


def _make_error(size: str) -> InputError:
    return InputError(f"not a size: {size!r}", hint='for example "512M", "1.5G" or "infinity"')
