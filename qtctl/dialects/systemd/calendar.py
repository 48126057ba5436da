"""Calendar expressions, as calendarspec.c reads them (252 to 257): `calendar_trouble` says what is wrong with one.

What `systemd-analyze calendar` refuses is refused here, with one exception: a time zone is judged by its form, since
which zones there are is the host's to say.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORDS = re.compile(
    "minutely|hourly|daily|monthly|annually|yearly|anually|weekly|quarterly|bi-?annually|semi-?annually", re.IGNORECASE
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER = {**{name: at for at, name in enumerate(_DAYS)}, **{name[:3]: at for at, name in enumerate(_DAYS)}}
_DAY = re.compile("|".join(sorted(_NUMBER, key=len, reverse=True)), re.IGNORECASE)
_PLAIN_ZONES = "UTC|GMT|UCT|Zulu|Universal|Greenwich|EST|MST|HST|CET|MET|EET|WET|[A-Z]{3}[0-9][A-Z]{3}"
_LINKED_ZONES = "Cuba|Egypt|Eire|GB|GB-Eire|Hongkong|Iceland|Iran|Israel|Jamaica|Japan|Kwajalein|Libya|NZ|NZ-CHAT|"
_LINKED_ZONES += "Navajo|PRC|Poland|Portugal|ROC|ROK|Singapore|Turkey|W-SU|GMT[+-]?0"
_ZONE = re.compile(rf" ((?i:utc)|{_PLAIN_ZONES}|{_LINKED_ZONES}|[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+)$")
_DECIMAL = re.compile(r"[0-9]+")
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_TIMESTAMP = re.compile(r"@[0-9]+$")
_MICROSECONDS = 1_000_000
_LARGEST = 2**31 - 1
_DIGITS = 18
_MAX_PARTS = 240


@dataclass(frozen=True, slots=True)
class _Part:
    """START[..STOP][/REPEAT]; of seconds in microseconds. `repeat` 0: none was given."""

    start: int
    stop: int | None
    repeat: int


@dataclass(frozen=True, slots=True)
class _Field:
    """A list of parts; `parts` None for `*`."""

    name: str
    first: int
    last: int
    parts: tuple[_Part, ...] | None
    from_end: bool = False


class _Bad(Exception):
    pass


def calendar_trouble(text: str) -> str | None:
    """Why systemd would not take `text` as OnCalendar=; None where it would."""
    spec = text.strip(" \t\n\r")
    if not spec:
        return "it is empty"
    zone = _ZONE.search(spec)
    spec = spec[: zone.start()] if zone else spec
    if _WORDS.fullmatch(spec):
        return None
    try:
        _check(spec)
    except _Bad as error:
        return str(error)
    return None


def _check(spec: str) -> None:
    rest = _weekdays(spec)
    if _TIMESTAMP.match(rest):
        return
    date, rest = _date(rest)
    for field in (*date, *_time(rest)):
        _check_range(field)


def _weekdays(spec: str) -> str:
    """What follows the weekdays."""
    if _DAY.match(spec) is None:
        return spec
    at, since = 0, -1
    while True:
        number, at = _day_at(spec, at, since)
        if spec[at : at + 1] in ("", " "):
            return spec[at:].lstrip(" ")
        at, since = _after_day(spec, at, number, ranged=since >= 0)
        if spec[at : at + 1] in ("", " "):
            if since >= 0:
                raise _Bad("a range of weekdays without an end")
            return spec[at:].lstrip(" ")


def _day_at(spec: str, at: int, since: int) -> tuple[int, int]:
    """Number of the day that stands there, and where it ends."""
    day = _DAY.match(spec, at)
    if day is None:
        raise _Bad("no weekday after , or ..")
    number, at = _NUMBER[day[0].lower()], day.end()
    if spec[at : at + 1] not in ("", "-", ".", ",", " "):
        raise _Bad(f"{spec.partition(' ')[0]} is no weekday")
    if since > number:
        raise _Bad("a range of weekdays that ends before it begins; the week begins on Monday")
    return number, at


def _after_day(spec: str, at: int, number: int, *, ranged: bool) -> tuple[int, int]:
    """Where the next day begins, and the day that a range begins with (-1: no range)."""
    if spec[at] == ",":
        return at + 1, -1
    dots = spec.startswith("..", at)
    if ranged or (spec[at] == "." and not dots):
        raise _Bad("weekdays are written as Mon..Fri or Mon,Wed")
    return at + (2 if dots else 1), number


def _date(rest: str) -> tuple[Sequence[_Field], str]:
    """The fields of the date, none where there is no date, and what follows."""
    if not rest:
        return (), rest
    first, at = _chain(rest, 0)
    if rest[at : at + 1] in ("", ":"):
        return (), rest
    from_end = _date_separator(rest, at)
    second, at = _chain(rest, at + 1)
    if rest[at : at + 1] in ("", " "):
        return (_month(first), _day(second, from_end=from_end)), rest[at:].lstrip(" ")
    if from_end:
        raise _Bad("after ~ comes the day")
    from_end = _date_separator(rest, at)
    third, at = _chain(rest, at + 1)
    if rest[at : at + 1] not in ("", " "):
        raise _Bad("after the day comes a space")
    return (_year(first), _month(second), _day(third, from_end=from_end)), rest[at:].lstrip(" ")


def _date_separator(rest: str, at: int) -> bool:
    if rest[at] not in "-~":
        raise _Bad("a date is written as YEAR-MONTH-DAY, a time as HOUR:MINUTE:SECOND")
    return rest[at] == "~"


def _time(rest: str) -> Sequence[_Field]:
    if not rest:
        return ()
    hours, at = _chain(rest, 0)
    if rest[at : at + 1] != ":":
        raise _Bad("a time is written as HOUR:MINUTE or HOUR:MINUTE:SECOND")
    minutes, at = _chain(rest, at + 1)
    fields = (_Field("hour", 0, 23, hours), _Field("minute", 0, 59, minutes))
    if at == len(rest):
        return fields
    if rest[at] != ":":
        raise _Bad("after the minutes come : and seconds, or nothing")
    seconds, at = _chain(rest, at + 1, unit=_MICROSECONDS)
    if at != len(rest):
        raise _Bad("something follows the seconds")
    return (*fields, _Field("second", 0, 60 * _MICROSECONDS - 1, seconds))


def _chain(text: str, at: int, unit: int = 1) -> tuple[tuple[_Part, ...] | None, int]:
    if text[at : at + 1] == "*":
        return None, at + 1
    parts: list[_Part] = []
    while True:
        part, at = _part(text, at, unit)
        parts.append(part)
        if len(parts) > _MAX_PARTS:
            raise _Bad(f"more than {_MAX_PARTS} parts")
        if text[at : at + 1] != ",":
            return tuple(parts), at
        at += 1


def _part(text: str, at: int, unit: int) -> tuple[_Part, int]:
    start, at = _decimal(text, at, unit)
    stop, repeat = None, 0
    if text.startswith("..", at):
        stop, at = _decimal(text, at + 2, unit)
    if text[at : at + 1] == "/":
        repeat, at = _decimal(text, at + 1, unit)
        if repeat == 0:
            raise _Bad("a repetition of 0")
    if text[at : at + 1] not in ("", " ", ",", "-", "~", ":"):
        raise _Bad(f"{text[at]!r} does not belong there")
    return _Part(start, stop, repeat), at


def _decimal(text: str, at: int, unit: int) -> tuple[int, int]:
    found = (_DECIMAL if unit == 1 else _SECONDS).match(text, at)
    if found is None:
        raise _Bad("a number is missing")
    whole, _, fraction = found[0].partition(".")
    if len(whole) > _DIGITS or int(whole) > _LARGEST:
        raise _Bad("a number is too large")
    rounded = int(fraction[:6].ljust(6, "0")) + (fraction[6:7] >= "5") if fraction else 0
    return int(whole) * unit + rounded, found.end()


def _year(parts: tuple[_Part, ...] | None) -> _Field:
    if parts is not None:
        parts = tuple(_Part(_century(p.start), None if p.stop is None else _century(p.stop), p.repeat) for p in parts)
    return _Field("year", 1970, 2199, parts)


def _century(year: int) -> int:
    """Two digits: 69 is 2069, 70 is 1970."""
    if year < 70:  # noqa: PLR2004 - where systemd puts it
        return year + 2000
    return year + 1900 if year < 100 else year  # noqa: PLR2004


def _month(parts: tuple[_Part, ...] | None) -> _Field:
    return _Field("month", 1, 12, parts)


def _day(parts: tuple[_Part, ...] | None, *, from_end: bool) -> _Field:
    return _Field("day", 1, 31, parts, from_end)


def _check_range(field: _Field) -> None:
    for part in field.parts or ():
        inside = all(field.first <= each <= field.last for each in (part.start, part.stop) if each is not None)
        if not (inside and _repeats(field, part)):
            raise _Bad(f"the {field.name} is out of range")


def _repeats(field: _Field, part: _Part) -> bool:
    """At least one repetition must come before the end; a range of one value is that value, but not of seconds."""
    if part.stop is None:
        return part.start - part.repeat >= field.first if field.from_end else part.start + part.repeat <= field.last
    if field.name == "second" and not part.repeat:
        return part.start + _MICROSECONDS <= part.stop
    return part.start <= part.stop
