"""What a property must show for a directive's values, in the form in which `property_values` reads it."""

import re
import signal
from collections.abc import Callable, Mapping, Sequence

from qtctl.dialects.arguments import masked_arguments
from qtctl.dialects.systemd.booleans import boolean
from qtctl.dialects.systemd.choices import integer
from qtctl.dialects.systemd.listen import heard
from qtctl.dialects.systemd.obsolete import runtime_path
from qtctl.dialects.systemd.properties import Shape
from qtctl.dialects.systemd.property_values import NotComparable, Plain, in_order
from qtctl.dialects.systemd.quoting import shown_argv
from qtctl.dialects.systemd.size import INFINITY, bytes_of
from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.timespan import microseconds
from qtctl.dialects.systemd.unit_name import instance_of, is_template, prefix_of
from qtctl.dialects.systemd.values import kept_units
from qtctl.errors import InputError

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "", "", "", "",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
_SPECIFIER = re.compile(r"%.", re.DOTALL)


def expected(shape: Shape, assigned: Sequence[tuple[str, str]], unit: str) -> Plain:
    """What systemd must show where a unit's file has these (directive, value) assignments, resets applied.

    Values as `effective` gives them. NotComparable where only the host can tell.
    """
    if shape is Shape.COMMANDS:
        return _commands(assigned, unit)
    percents = shape in (Shape.BYTES, Shape.TASKS, Shape.QUOTA)
    given = [(key, value if percents else _resolved(value, unit)) for key, value in assigned]
    try:
        if shape is Shape.UNIT:
            return _instance(_last(given), unit)
        return _units(given, unit) if shape is Shape.UNITS else _EXPECTED[shape](given)
    except (InputError, ValueError, LookupError) as error:
        raise NotComparable(str(error)) from error


def _resolved(value: str, unit: str) -> str:
    """Without specifiers. NotComparable for one that only the host knows."""
    if any(expand(each, unit) == each for each in _SPECIFIER.findall(value)):
        raise NotComparable(f"what {value!r} means only the host knows")
    return expand(value, unit)


Given = Sequence[tuple[str, str]]


def _last(given: Given) -> str:
    return given[-1][1] if given else ""


def _text(given: Given) -> Plain:
    return runtime_path(*given[-1]) if given else ""


def _path(given: Given) -> Plain:
    """`!` is what the property of WorkingDirectory= has for the directive's `-`."""
    optional = _last(given).startswith("-")
    return "!" * optional + _simplified(_last(given).removeprefix("-"))


def _simplified(path: str) -> str:
    return re.sub("/+", "/", path).rstrip("/") or "/" if path.startswith("/") else path


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
    """systemd sorts them, and leaves out what is there twice."""
    return in_order(list({value for _, value in given}))


def _units(given: Given, unit: str) -> Plain:
    """A unit that names itself is left out."""
    named = [each for _, value in given for each in kept_units(value)]
    return in_order(list({_instance(each, unit) for each in named} - {unit}))


def _instance(named: str, unit: str) -> str:
    """What a template means in a unit: its instance of the unit's own instance, or name."""
    own = instance_of(unit) or prefix_of(unit)
    return named.replace("@.", f"@{own}.") if is_template(named) else named


def _files(given: Given) -> Plain:
    return [[value.removeprefix("-"), value.startswith("-")] for _, value in given]


def _commands(given: Given, unit: str) -> Plain:
    """The argv of each, with the program that is run in front; without what may be secret, as what is observed."""
    try:
        argvs = [[_resolved(word, unit) for word in shown_argv(line)] for _, line in given]
    except InputError as error:
        raise NotComparable(str(error)) from error
    return [list(masked_arguments(argv)) for argv in argvs]


def _statuses(given: Given) -> Plain:
    codes, signals = [], []
    for _, value in given:
        if value.isdecimal():
            codes.append(int(value))
        else:
            signals.append(_signal_number(value))
    return [sorted(codes), sorted(signals)]


def _families(given: Given) -> Plain:
    lines = [value for _, value in given]
    if len(lines) > 1:
        raise NotComparable("several lines, each for or against")
    line = lines[0] if lines else ""
    if line == "none":
        return [True, []]
    return [not line.startswith("~"), in_order(list(line.removeprefix("~").split()))]


def _spans(given: Given) -> Plain:
    return in_order([[key.replace("Sec", "USec"), microseconds(value)] for key, value in given if key != "OnCalendar"])


def _calendars(given: Given) -> Plain:
    """systemd shows its own spelling of an expression: known here of its words, and of what is spelled so already."""
    return in_order([[key, _canonical_calendar(value)] for key, value in given if key == "OnCalendar"])


def _canonical_calendar(expression: str) -> str:
    spelled = _CALENDAR_WORDS.get(expression.lower(), expression)
    if not _CANONICAL_CALENDAR.fullmatch(spelled):
        raise NotComparable("how systemd spells a calendar expression")
    return spelled


def _addresses(given: Given) -> Plain:
    """Whatever their order: `effective` keeps that of one directive alone."""
    return in_order([[key.removeprefix("Listen"), _address(key, value)] for key, value in given])


def _address(key: str, value: str) -> str:
    found = heard(key, value, ipv6_only=True)
    if found is None:
        return runtime_path(key, value)
    return f"{found.address}:{found.port}"


def _watches(given: Given) -> Plain:
    return in_order([[key, _simplified(value)] for key, value in given])


def _pairs(given: Given) -> Plain:
    return in_order([list(value.split(":", 1)) for _, value in given])


_CALENDAR_WORDS = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
}
_CANONICAL_CALENDAR = re.compile(
    r"((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\*-(\*|\d\d(,\d\d)*)-(\*|\d\d) (\*|\d\d):(\*|\d\d):\d\d"
)

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
    Shape.STATUSES: _statuses,
    Shape.FAMILIES: _families,
    Shape.SPANS: _spans,
    Shape.CALENDARS: _calendars,
    Shape.ADDRESSES: _addresses,
    Shape.WATCHES: _watches,
    Shape.PAIRS: _pairs,
}
