"""Calendar expressions, as calendarspec.c reads them (252 to 257): `explain_calendar_trouble` judges one.

What `systemd-analyze calendar` refuses is refused here too, with one exception: time zones are judged by form only,
since which ones exist depends on the host. `has_date_left` judges days, not times of day.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_SPECIFIER = re.compile("%[aAbBCdEfgGhHiIjJlLmMnNopPqsStTuUvVwW]")
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
_TIMESTAMP = re.compile(r"@([0-9]+)$")
_YEARS = (1970, 2199)
_LAST_FROM_END = 28
"""Days counted from the end of a month: every month has this many."""
_END_OF_TIME = 7258118400
"""The first second of the year 2200."""
_ZONES = timedelta(days=1)
"""How far the date in a time zone can be behind UTC's, rounded up."""
_MICROSECONDS = 1_000_000
_LARGEST = 2**31 - 1
_DIGITS = 18
_MAX_PARTS = 240


@dataclass(frozen=True, slots=True)
class _Part:
    """START[..STOP][/REPEAT]; seconds are in microseconds. `repeat` 0: none given."""

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


def has_specifier(text: str) -> bool:
    """Whether systemd first replaces a specifier: `OnCalendar=%i` of `backup@daily.timer` is daily."""
    return _SPECIFIER.search(text.replace("%%", "")) is not None


def explain_calendar_trouble(text: str) -> str | None:
    """Why systemd would refuse `text` as OnCalendar=; None if it takes it, or if that depends on the unit's name."""
    spec = text.strip(" \t\n\r")
    if not spec:
        return "it is empty"
    if has_specifier(spec):
        return None
    spec = _drop_zone(spec)
    if _WORDS.fullmatch(spec):
        return None
    try:
        _check(spec)
    except _Bad as error:
        return str(error)
    return None


def has_date_left(text: str, today: str) -> bool:
    """Whether `text` elapses on `today` (YYYY-MM-DD) or a later day, in any time zone.

    True for an expression that systemd refuses: that is reported elsewhere.
    """
    spec = _drop_zone(text.strip(" \t\n\r"))
    if has_specifier(text) or explain_calendar_trouble(text) is not None or _WORDS.fullmatch(spec):
        return True
    return _has_next(spec, date.fromisoformat(today) - _ZONES)


def _drop_zone(spec: str) -> str:
    zone = _ZONE.search(spec)
    return spec[: zone.start()] if zone else spec


def _has_next(spec: str, first: date) -> bool:
    weekdays, rest = _read_weekdays(spec)
    moment = _TIMESTAMP.match(rest)
    if moment:
        return datetime.fromtimestamp(int(moment[1]), UTC).date() >= first
    fields, _ = _read_date(rest)
    year, month, day = (*(_EVERY_YEAR,) * (3 - len(fields)), *fields) if fields else (_EVERY_YEAR, None, None)
    years = (each for each in _list_values(year) if each >= first.year)
    days = (found for each in years for found in _list_days(each, month, day))
    return any(found >= first and (not weekdays or found.weekday() in weekdays) for found in days)


def _list_days(year: int, month: _Field | None, day: _Field | None) -> Iterator[date]:
    """The days of a year that exist: no 30 February."""
    for number in _list_values(month or _make_month(None)):
        of_month = date(year, number, 1)
        length = ((of_month + timedelta(days=31)).replace(day=1) - of_month).days
        for each in _list_values(day or _make_day(None, from_end=False)):
            if each <= length:
                yield date(year, number, length + 1 - each if day and day.from_end else each)


def _list_values(field: _Field) -> list[int]:
    """The values that a field's parts stand for, ascending."""
    if field.parts is None:
        return list(range(field.first, field.last + 1))
    return sorted({value for part in field.parts for value in _list_part_values(field, part)})


def _list_part_values(field: _Field, part: _Part) -> range:
    if field.from_end and part.repeat:  # counted from the end: any day may be meant
        return range(field.first, field.last + 1)
    last = part.stop if part.stop is not None else field.last if part.repeat else part.start
    return range(part.start, last + 1, part.repeat or 1)


def _check(spec: str) -> None:
    _, rest = _read_weekdays(spec)
    moment = _TIMESTAMP.match(rest)
    if moment and (len(moment[1]) > _DIGITS or int(moment[1]) >= _END_OF_TIME):
        raise _Bad("the year is out of range")
    if moment:
        return
    fields, rest = _read_date(rest)
    for field in (*fields, *_read_time(rest)):
        _check_range(field)


def _read_weekdays(spec: str) -> tuple[frozenset[int], str]:
    """The weekdays (Monday is 0), none if none are given; and the rest of the text."""
    if _DAY.match(spec) is None:
        return frozenset(), spec
    at, since = 0, -1
    days: set[int] = set()
    while True:
        number, at = _read_day(spec, at, since)
        days.update(range(number if since < 0 else since, number + 1))
        if spec[at : at + 1] in ("", " "):
            return frozenset(days), spec[at:].lstrip(" ")
        at, since = _skip_day(spec, at, number, ranged=since >= 0)
        if spec[at : at + 1] in ("", " "):
            if since >= 0:
                raise _Bad("a range of weekdays without an end")
            return frozenset(days), spec[at:].lstrip(" ")


def _read_day(spec: str, at: int, since: int) -> tuple[int, int]:
    """The number of the day at this place, and where it ends."""
    day = _DAY.match(spec, at)
    if day is None:
        raise _Bad("no weekday after , or ..")
    number, at = _NUMBER[day[0].lower()], day.end()
    if spec[at : at + 1] not in ("", "-", ".", ",", " "):
        raise _Bad(f"{spec.partition(' ')[0]}is not a weekday")
    if since > number:
        raise _Bad("a range of weekdays that ends before it begins; the week begins on Monday")
    return number, at


def _skip_day(spec: str, at: int, number: int, *, ranged: bool) -> tuple[int, int]:
    """Where the next day begins, and the first day of a range (-1: no range)."""
    if spec[at] == ",":
        return at + 1, -1
    dots = spec.startswith("..", at)
    if ranged or (spec[at] == "." and not dots):
        raise _Bad("weekdays are written as Mon..Fri or Mon,Wed")
    return at + (2 if dots else 1), number


def _read_date(rest: str) -> tuple[Sequence[_Field], str]:
    """The fields of the date, none if there is no date; and the rest of the text."""
    if not rest:
        return (), rest
    first, at = _read_chain(rest, 0)
    if rest[at : at + 1] in ("", ":"):
        return (), rest
    from_end = _is_date_separator(rest, at)
    second, at = _read_chain(rest, at + 1)
    if rest[at : at + 1] in ("", " "):
        return (_make_month(first), _make_day(second, from_end=from_end)), rest[at:].lstrip(" ")
    if from_end:
        raise _Bad("after ~ comes the day")
    from_end = _is_date_separator(rest, at)
    third, at = _read_chain(rest, at + 1)
    if rest[at : at + 1] not in ("", " "):
        raise _Bad("after the day comes a space")
    return (_make_year(first), _make_month(second), _make_day(third, from_end=from_end)), rest[at:].lstrip(" ")


def _is_date_separator(rest: str, at: int) -> bool:
    if rest[at] not in "-~":
        raise _Bad("a date is written as YEAR-MONTH-DAY, a time as HOUR:MINUTE:SECOND")
    return rest[at] == "~"


def _read_time(rest: str) -> Sequence[_Field]:
    if not rest:
        return ()
    hours, at = _read_chain(rest, 0)
    if rest[at : at + 1] != ":":
        raise _Bad("a time is written as HOUR:MINUTE or HOUR:MINUTE:SECOND")
    minutes, at = _read_chain(rest, at + 1)
    fields = (_Field("hour", 0, 23, hours), _Field("minute", 0, 59, minutes))
    if at == len(rest):
        return fields
    if rest[at] != ":":
        raise _Bad("after the minutes come : and seconds, or nothing")
    seconds, at = _read_chain(rest, at + 1, unit=_MICROSECONDS)
    if at != len(rest):
        raise _Bad("something follows the seconds")
    return (*fields, _Field("second", 0, 60 * _MICROSECONDS - 1, seconds))


def _read_chain(text: str, at: int, unit: int = 1) -> tuple[tuple[_Part, ...] | None, int]:
    if text[at : at + 1] == "*":
        return None, at + 1
    parts: list[_Part] = []
    while True:
        part, at = _read_part(text, at, unit)
        parts.append(part)
        if len(parts) > _MAX_PARTS:
            raise _Bad(f"more than {_MAX_PARTS} parts")
        if text[at : at + 1] != ",":
            return tuple(parts), at
        at += 1


def _read_part(text: str, at: int, unit: int) -> tuple[_Part, int]:
    start, at = _read_decimal(text, at, unit)
    stop, repeat = None, 0
    if text.startswith("..", at):
        stop, at = _read_decimal(text, at + 2, unit)
    if text[at : at + 1] == "/":
        repeat, at = _read_decimal(text, at + 1, unit)
        if repeat == 0:
            raise _Bad("a repetition of 0")
    if text[at : at + 1] not in ("", " ", ",", "-", "~", ":"):
        raise _Bad(f"{text[at]!r} does not belong there")
    return _Part(start, stop, repeat), at


def _read_decimal(text: str, at: int, unit: int) -> tuple[int, int]:
    found = (_DECIMAL if unit == 1 else _SECONDS).match(text, at)
    if found is None:
        raise _Bad("a number is missing")
    whole, _, fraction = found[0].partition(".")
    if len(whole) > _DIGITS or int(whole) > _LARGEST:
        raise _Bad("a number is too large")
    rounded = int(fraction[:6].ljust(6, "0")) + (fraction[6:7] >= "5") if fraction else 0
    return int(whole) * unit + rounded, found.end()


def _make_year(parts: tuple[_Part, ...] | None) -> _Field:
    if parts is not None:
        parts = tuple(
            _Part(_add_century(p.start), None if p.stop is None else _add_century(p.stop), p.repeat) for p in parts
        )
    return _Field("year", *_YEARS, parts)


def _add_century(year: int) -> int:
    """Two digits: 69 is 2069, 70 is 1970."""
    if year < 70:  # noqa: PLR2004 - where systemd puts it
        return year + 2000
    return year + 1900 if year < 100 else year  # noqa: PLR2004


_EVERY_YEAR = _Field("year", *_YEARS, None)


def _make_month(parts: tuple[_Part, ...] | None) -> _Field:
    return _Field("month", 1, 12, parts)


def _make_day(parts: tuple[_Part, ...] | None, *, from_end: bool) -> _Field:
    return _Field("day", 1, _LAST_FROM_END if from_end else 31, parts, from_end)


def _check_range(field: _Field) -> None:
    for part in field.parts or ():
        inside = all(field.first <= each <= field.last for each in (part.start, part.stop) if each is not None)
        if not (inside and _is_repeating(field, part)):
            raise _Bad(f"the {field.name} is out of range")


def _is_repeating(field: _Field, part: _Part) -> bool:
    """There must be at least one repetition before the end. A range of one value is that value, except for seconds."""
    if part.stop is None:
        return part.start - part.repeat >= field.first if field.from_end else part.start + part.repeat <= field.last
    if field.name == "second" and not part.repeat:
        return part.start + _MICROSECONDS <= part.stop
    return part.start <= part.stop
