"""Moments as an operator writes them: `-1h`, `10 min ago`, `08:30`, `2026-11-30 08:30`, `yesterday`, `@1764460800`."""

import re
from datetime import datetime, timedelta

from qtctl.dialects.systemd.timespan import INFINITY, parse_microseconds
from qtctl.errors import InputError

_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,6})?)?")
_EPOCH = re.compile(r"@([0-9]{1,11})(?:\.([0-9]{1,6}))?")
_LONGEST = 50 * 366 * 86_400 * 1_000_000
HINT = "write -1h, '10 min ago', 08:30, 2026-11-30, '2026-11-30 08:30:00', yesterday or today"


def parse_moment(text: str, now: datetime) -> int:
    """Microseconds since the epoch. `now`: with a time zone, which counts where none is written. InputError."""
    word = text.strip()
    days = {"today": 0, "yesterday": 1}
    if word == "now":
        return _to_microseconds(now)
    if word in days:
        return _to_microseconds(_find_midnight(now) - timedelta(days=days[word]))
    if found := _EPOCH.fullmatch(word):
        return int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0"))
    if _CLOCK.fullmatch(word):
        word = f"{now.date().isoformat()}T{word.zfill(len(word) + (word.index(':') == 1))}"
    elif word.startswith("-") or word.endswith(" ago"):
        return _to_microseconds(now) - _parse_span(text, word.removeprefix("-").removesuffix(" ago"))
    try:
        moment = datetime.fromisoformat(word)
        return _to_microseconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=now.tzinfo))
    except (ValueError, OverflowError) as error:
        raise InputError(f"{text!r} is not a point in time", hint=HINT) from error


def _parse_span(text: str, span: str) -> int:
    try:
        found = parse_microseconds(span)
    except InputError as error:
        raise InputError(f"{text!r} is not a point in time", hint=HINT) from error
    if found == INFINITY or found > _LONGEST:
        raise InputError(f"{text!r} is not a point in time", hint=HINT)
    return found


def _find_midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _to_microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
