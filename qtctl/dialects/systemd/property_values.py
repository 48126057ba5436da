"""What a property must show for a directive's values, and what systemd says of it, in the same form."""

import re
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from qtctl.dialects.arguments import masked_arguments
from qtctl.dialects.systemd.booleans import boolean
from qtctl.dialects.systemd.choices import integer
from qtctl.dialects.systemd.listen import heard
from qtctl.dialects.systemd.properties import Shape
from qtctl.dialects.systemd.quoting import split_exec
from qtctl.dialects.systemd.size import INFINITY, bytes_of
from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.timespan import microseconds
from qtctl.dialects.systemd.unit_name import instance_of, is_template, prefix_of
from qtctl.dialects.systemd.values import kept_units
from qtctl.errors import InputError

Plain: TypeAlias = Any
"""A value as JSON has it: None, bool, int, str, or a list of such."""

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "", "", "", "",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
_SPECIFIER = re.compile(r"%(?!%)")


class NotComparable(Exception):
    """What systemd makes of the values depends on the host, or on a version: no comparison says anything."""


def expected(shape: Shape, assigned: Sequence[tuple[str, str]], unit: str) -> Plain:
    """What systemd must show where a unit's file has these (directive, value) assignments, resets applied.

    Values as `effective` gives them. NotComparable where only the host can tell.
    """
    percents = shape in (Shape.BYTES, Shape.TASKS, Shape.QUOTA)
    given = [(key, value if percents else _resolved(value, unit)) for key, value in assigned]
    try:
        return _units(given, unit) if shape is Shape.UNITS else _EXPECTED[shape](given)
    except (InputError, ValueError, LookupError) as error:
        raise NotComparable(str(error)) from error


def observed(shape: Shape, value: object) -> Plain:
    """What a property of this shape says. NotComparable for a value of another type."""
    plain = plain_value(value)
    if shape in _OBSERVED:
        return _OBSERVED[shape](plain)
    return plain


def holds(shape: Shape, wanted: Plain, found: Plain) -> bool:
    """Whether what is loaded is what is declared: systemd adds units of its own to dependencies."""
    if shape is Shape.UNITS and isinstance(wanted, list) and isinstance(found, list):
        return all(each in found for each in wanted)
    return bool(wanted == found)


def plain_value(value: object) -> Plain:
    """A value of the bus as JSON has it. NotComparable for what JSON has not."""
    match value:
        case None | bool() | int() | str():
            return value
        case bytes():
            return list(value)
        case list() | tuple():
            return [plain_value(each) for each in value]
    raise NotComparable(f"a value of type {type(value).__name__}")


def _resolved(value: str, unit: str) -> str:
    found = expand(value, unit)
    if _SPECIFIER.search(value.replace("%%", "")) and "%" in found:
        raise NotComparable(f"what {value!r} means only the host knows")
    return found


Given = Sequence[tuple[str, str]]


def _last(given: Given) -> str:
    return given[-1][1] if given else ""


def _text(given: Given) -> Plain:
    return _last(given)


def _path(given: Given) -> Plain:
    mark = "-" if _last(given).startswith("-") else ""
    path = _last(given).removeprefix(mark)
    return mark + (re.sub("/+", "/", path).rstrip("/") or "/" if path.startswith("/") else path)


_SPELLED = {"usec": "us", "\u00b5s": "us", "\u03bcs": "us", "nsec": "ns"}
"""Other spellings of Timestamping=."""
_YES_AND_NO = {"BindIPv6Only": ("ipv6-only", "both"), "Timestamping": ("ns", "off")}


def _yes_or_text(given: Given) -> Plain:
    value = boolean(_last(given))
    yes, no = _YES_AND_NO.get(given[-1][0], ("yes", "no")) if given else ("yes", "no")
    return _SPELLED.get(_last(given), _last(given)) if value is None else yes if value else no


def _boolean(given: Given) -> Plain:
    value = boolean(_last(given))
    if value is None:
        raise NotComparable(f"{_last(given)!r} is no boolean")
    return value


_NUMBERS = {"idle": 0}
"""Of CPUWeight=."""


def _number(given: Given) -> Plain:
    found = _NUMBERS.get(_last(given), integer(_last(given)))
    if found is None:
        raise NotComparable(f"{_last(given)!r} is no number")
    return found


def _octal(given: Given) -> Plain:
    return int(_last(given), 8)


def _usec(given: Given) -> Plain:
    return microseconds(_last(given))


def _usec_or_never(given: Given) -> Plain:
    return microseconds(_last(given)) or INFINITY


def _bytes(given: Given) -> Plain:
    return bytes_of(_last(given))


def _tasks(given: Given) -> Plain:
    return INFINITY if _last(given) == "infinity" else _number(given)


def _rlimit(given: Given) -> Plain:
    _, _, hard = _last(given).rpartition(":")
    found = integer(hard)
    return bytes_of(hard) if found is None else found


def _quota(given: Given) -> Plain:
    percent = _last(given).removesuffix("%")
    whole, _, fraction = percent.partition(".")
    return int(whole) * 10_000 + int((fraction + "00")[:2]) * 100


def _signal(given: Given) -> Plain:
    return _signal_number(_last(given))


def _signal_number(text: str) -> int:
    name, _, more = text.removeprefix("SIG").partition("+")
    less = name.partition("-")[2]
    if name.isdecimal():
        return int(name)
    return int(signal.Signals[f"SIG{name.partition('-')[0]}"]) + int(more or 0) - int(less or 0)


def _level(given: Given) -> Plain:
    return _indexed(LEVELS, _last(given))


def _facility(given: Given) -> Plain:
    return _indexed(FACILITIES, _last(given))


def _indexed(names: Sequence[str], text: str) -> int:
    found = integer(text)
    return names.index(text) if found is None else found


def _words(given: Given) -> Plain:
    return [value for _, value in given]


def _set(given: Given) -> Plain:
    return _sorted([value for _, value in given])


def _units(given: Given, unit: str) -> Plain:
    """A template means its instance of the unit's own instance, or name; a unit that names itself is left out."""
    named = [each for _, value in given for each in kept_units(value)]
    own = instance_of(unit) or prefix_of(unit)
    found = {each.replace("@.", f"@{own}.") if is_template(each) else each for each in named}
    return _sorted(list(found - {unit}))


def _sorted(value: Plain) -> Plain:
    return sorted(value, key=str) if isinstance(value, list) else value


def _files(given: Given) -> Plain:
    return [[value.removeprefix("-"), value.startswith("-")] for _, value in given]


def _commands(given: Given) -> Plain:
    """The argv of each, with the path that is run in front; without what may be secret, as what is observed."""
    return [list(masked_arguments(_argv(line))) for _, line in given]


def _argv(line: str) -> list[str]:
    words = split_exec(line)
    marks = words[0][: len(words[0]) - len(words[0].lstrip("-@:+!|"))]
    path = words[0].removeprefix(marks)
    return [path, *(words[2:] if "@" in marks else words[1:])]


def _statuses(given: Given) -> Plain:
    codes, signals = [], []
    for _, value in given:
        if value.isdecimal():
            codes.append(int(value))
        else:
            signals.append(_signal_number(value))
    return [sorted(codes), sorted(signals)]


def _seen_statuses(value: Plain) -> Plain:
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _families(given: Given) -> Plain:
    lines = [value for _, value in given]
    if len(lines) > 1:
        raise NotComparable("several lines, each for or against")
    line = lines[0] if lines else ""
    if line == "none":
        return [True, []]
    return [not line.startswith("~"), _sorted(list(line.removeprefix("~").split()))]


def _seen_families(value: Plain) -> Plain:
    return [value[0], _sorted(value[1])] if isinstance(value, list) and value else value


def _spans(given: Given) -> Plain:
    return _sorted([[key.replace("Sec", "USec"), microseconds(value)] for key, value in given if key != "OnCalendar"])


def _first_two(value: Plain) -> Plain:
    return _sorted([each[:2] for each in value if isinstance(each, list)]) if isinstance(value, list) else value


def _calendars(_: Given) -> Plain:
    """systemd shows its own spelling of an expression, which only that of the host knows."""
    raise NotComparable("how systemd spells a calendar expression")


def _addresses(given: Given) -> Plain:
    return [[key.removeprefix("Listen"), _address(key, value)] for key, value in given]


def _address(key: str, value: str) -> str:
    found = heard(key, value, ipv6_only=True)
    if found is None:
        return value
    return f"{found.address}:{found.port}"


def _watches(given: Given) -> Plain:
    return [[key, value] for key, value in given]


def _pairs(given: Given) -> Plain:
    return _sorted([list(value.split(":", 1)) for _, value in given])


_EXPECTED: Mapping[Shape, Callable[[Given], Plain]] = {
    Shape.TEXT: _text,
    Shape.PATH: _path,
    Shape.YES_OR_TEXT: _yes_or_text,
    Shape.BOOLEAN: _boolean,
    Shape.NUMBER: _number,
    Shape.OCTAL: _octal,
    Shape.USEC: _usec,
    Shape.USEC_OR_NEVER: _usec_or_never,
    Shape.NSEC: _number,
    Shape.BYTES: _bytes,
    Shape.TASKS: _tasks,
    Shape.RLIMIT: _rlimit,
    Shape.QUOTA: _quota,
    Shape.SIGNAL: _signal,
    Shape.LEVEL: _level,
    Shape.FACILITY: _facility,
    Shape.WORDS: _words,
    Shape.SET: _set,
    Shape.FILES: _files,
    Shape.COMMANDS: _commands,
    Shape.STATUSES: _statuses,
    Shape.FAMILIES: _families,
    Shape.SPANS: _spans,
    Shape.CALENDARS: _calendars,
    Shape.ADDRESSES: _addresses,
    Shape.WATCHES: _watches,
    Shape.PAIRS: _pairs,
}
_OBSERVED: Mapping[Shape, Callable[[Plain], Plain]] = {
    Shape.SET: _sorted,
    Shape.UNITS: _sorted,
    Shape.STATUSES: _seen_statuses,
    Shape.FAMILIES: _seen_families,
    Shape.SPANS: _first_two,
    Shape.CALENDARS: _first_two,
    Shape.PAIRS: _sorted,
}
