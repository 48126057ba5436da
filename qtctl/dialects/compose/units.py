"""Sizes and times as compose files write them."""

import re
from typing import Final

from qtctl.dialects.compose.interpolation import Wrong

_SIZE: Final = re.compile(r"([0-9.]+) ?([bkmgtp]?)(i?b)?", re.IGNORECASE | re.ASCII)
_POWERS: Final = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_TIME: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w)", re.ASCII)
_NANO: Final = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9,
    "h": 3600 * 10**9, "d": 86400 * 10**9, "w": 7 * 86400 * 10**9,
}  # fmt: skip
_LARGEST: Final = 1 << 63
_LONGEST: Final = 100


def parse_size(text: str) -> int:
    """Bytes of "512m", "1.5 GiB" or "1024"."""
    match = _SIZE.fullmatch(text)
    unit = match[2].lower() if match else ""
    if match is None or (unit in ("", "b") and match[3]) or match[1].count(".") > 1 or match[1] == ".":
        raise Wrong(f"{text} is not a size, such as 512m")
    number = float(match[1]) * 1024 ** _POWERS[unit]
    if number >= _LARGEST:
        raise Wrong(f"{text} is too large")
    return int(number)


def parse_nanoseconds(text: str) -> int:
    """Of "1m30s"."""
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    parts = list(_TIME.finditer(rest))
    if not parts or "".join(part[0] for part in parts) != rest or len(rest) > _LONGEST:
        raise Wrong(f"{text} is not a time, such as 1m30s")
    total = sum(_multiply(part[1], _NANO[part[2]]) for part in parts)
    if total >= _LARGEST:
        raise Wrong(f"{text} is too long")
    return sign * total


def _multiply(number: str, unit: int) -> int:
    whole, _, fraction = number.partition(".")
    fraction = fraction[:18]
    return int(whole or "0") * unit + int(fraction or "0") * unit // int("1" + "0" * len(fraction))


def format_duration(nano: int) -> str:
    """As Go writes it: 1m30s, 1.5s, 300ms."""
    if nano == 0:
        return "0s"
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    for unit, factor in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if nano < factor * 1_000 and nano < 10**9:
            return f"{sign}{_format_decimal(nano, factor)}{unit}"
    minutes, seconds = divmod(nano, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    shown = f"{_format_decimal(seconds, 10**9)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{shown}"
    return f"{sign}{minutes}m{shown}" if minutes else f"{sign}{shown}"


def _format_decimal(number: int, unit: int) -> str:
    whole, rest = divmod(number, unit)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0").rstrip(".") if rest else str(whole)
