"""What a property must show for a directive's values, in the form that `property_values` reads."""

import re
import signal
from collections.abc import Callable, Mapping, Sequence

from qtctl.dialects.arguments import mask_arguments
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.choices import parse_integer
from qtctl.dialects.systemd.listen import find_heard
from qtctl.dialects.systemd.obsolete import make_runtime_path
from qtctl.dialects.systemd.properties import Shape
from qtctl.dialects.systemd.property_values import NotComparable, Plain, sort_value
from qtctl.dialects.systemd.quoting import show_argv
from qtctl.dialects.systemd.size import INFINITY, parse_bytes
from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.dialects.systemd.unit_name import get_instance, get_prefix, is_template
from qtctl.dialects.systemd.values import list_kept_units
from qtctl.errors import InputError

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "", "", "", "",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
_SPECIFIER = re.compile(r"%.", re.DOTALL)


def make_expected(shape: Shape, assigned: Sequence[tuple[str, str]], unit: str) -> Plain:
    """What systemd must show if a unit's file has these (directive, value) assignments, with resets applied.

    Values as in `effective`. NotComparable if only the host can tell.
    """
    if shape is Shape.COMMANDS:
        return _expect_commands(assigned, unit)
    percents = shape in (Shape.BYTES, Shape.TASKS, Shape.QUOTA)
    given = [(key, value if percents else _resolve(value, unit)) for key, value in assigned]
    try:
        if shape is Shape.UNIT:
            return _find_instance(_get_last(given), unit)
        return _expect_units(given, unit) if shape is Shape.UNITS else _EXPECTED[shape](given)
    except (InputError, ValueError, LookupError) as error:
        raise NotComparable(str(error)) from error


def _resolve(value: str, unit: str) -> str:
    """With specifiers replaced. NotComparable for one that only the host knows."""
    if any(expand(each, unit) == each for each in _SPECIFIER.findall(value)):
        raise NotComparable(f"what {value!r} means only the host knows")
    return expand(value, unit)


Given = Sequence[tuple[str, str]]


def _get_last(given: Given) -> str:
    return given[-1][1] if given else ""


def _expect_text(given: Given) -> Plain:
    return make_runtime_path(*given[-1]) if given else ""


def _expect_path(given: Given) -> Plain:
    """The property of WorkingDirectory= has `!` for the directive's `-`."""
    optional = _get_last(given).startswith("-")
    return "!" * optional + _simplify(_get_last(given).removeprefix("-"))


def _simplify(path: str) -> str:
    return re.sub("/+", "/", path).rstrip("/") or "/" if path.startswith("/") else path


_SPELLED = {"usec": "us", "\u00b5s": "us", "\u03bcs": "us", "nsec": "ns"}
"""Other spellings of Timestamping=."""
_YES_AND_NO = {"BindIPv6Only": ("ipv6-only", "both"), "Timestamping": ("ns", "off")}


def _expect_yes_or_text(given: Given) -> Plain:
    value = parse_boolean(_get_last(given))
    yes, no = _YES_AND_NO.get(given[-1][0], ("yes", "no")) if given else ("yes", "no")
    return _SPELLED.get(_get_last(given), _get_last(given)) if value is None else yes if value else no


def _expect_boolean(given: Given) -> Plain:
    value = parse_boolean(_get_last(given))
    if value is None:
        raise NotComparable(f"{_get_last(given)!r} is no boolean")
    return value


_NUMBERS = {"idle": 0}
"""Of CPUWeight=."""


def _parse_number(given: Given) -> Plain:
    found = _NUMBERS.get(_get_last(given), parse_integer(_get_last(given)))
    if found is None:
        raise NotComparable(f"{_get_last(given)!r} is no number")
    return found


def _expect_octal(given: Given) -> Plain:
    return int(_get_last(given), 8)


def _expect_usec(given: Given) -> Plain:
    return parse_microseconds(_get_last(given))


def _expect_usec_or_never(given: Given) -> Plain:
    return parse_microseconds(_get_last(given)) or INFINITY


def _expect_bytes(given: Given) -> Plain:
    return parse_bytes(_get_last(given))


def _expect_tasks(given: Given) -> Plain:
    return INFINITY if _get_last(given) == "infinity" else _parse_number(given)


def _expect_rlimit(given: Given) -> Plain:
    _, _, hard = _get_last(given).rpartition(":")
    found = parse_integer(hard)
    return parse_bytes(hard) if found is None else found


def _expect_quota(given: Given) -> Plain:
    percent = _get_last(given).removesuffix("%")
    whole, _, fraction = percent.partition(".")
    return int(whole) * 10_000 + int((fraction + "00")[:2]) * 100


def _expect_signal(given: Given) -> Plain:
    return _find_signal_number(_get_last(given))


def _find_signal_number(text: str) -> int:
    name, _, more = text.removeprefix("SIG").partition("+")
    less = name.partition("-")[2]
    if name.isdecimal():
        return int(name)
    return int(signal.Signals[f"SIG{name.partition('-')[0]}"]) + int(more or 0) - int(less or 0)


def _expect_level(given: Given) -> Plain:
    return _find_index(LEVELS, _get_last(given))


def _expect_facility(given: Given) -> Plain:
    return _find_index(FACILITIES, _get_last(given))


def _find_index(names: Sequence[str], text: str) -> int:
    found = parse_integer(text)
    return names.index(text) if found is None else found


def _expect_words(given: Given) -> Plain:
    return [value for _, value in given]


def _set(given: Given) -> Plain:
    """systemd sorts them and drops duplicates."""
    return sort_value(list({value for _, value in given}))


def _expect_units(given: Given, unit: str) -> Plain:
    """A unit that names itself is left out."""
    named = [each for _, value in given for each in list_kept_units(value)]
    return sort_value(list({_find_instance(each, unit) for each in named} - {unit}))


def _find_instance(named: str, unit: str) -> str:
    """The unit that a template means here: its instance with this unit's instance name, or prefix."""
    own = get_instance(unit) or get_prefix(unit)
    return named.replace("@.", f"@{own}.") if is_template(named) else named


def _expect_files(given: Given) -> Plain:
    return [[value.removeprefix("-"), value.startswith("-")] for _, value in given]


def _expect_commands(given: Given, unit: str) -> Plain:
    """The argv of each, after the program that is run; without possible secrets, as in what is observed."""
    try:
        argvs = [[_resolve(word, unit) for word in show_argv(line)] for _, line in given]
    except InputError as error:
        raise NotComparable(str(error)) from error
    return [list(mask_arguments(argv)) for argv in argvs]


def _expect_statuses(given: Given) -> Plain:
    codes, signals = [], []
    for _, value in given:
        if value.isdecimal():
            codes.append(int(value))
        else:
            signals.append(_find_signal_number(value))
    return [sorted(codes), sorted(signals)]


def _expect_families(given: Given) -> Plain:
    lines = [value for _, value in given]
    if len(lines) > 1:
        raise NotComparable("several lines, each for or against")
    line = lines[0] if lines else ""
    if line == "none":
        return [True, []]
    return [not line.startswith("~"), sort_value(list(line.removeprefix("~").split()))]


def _expect_spans(given: Given) -> Plain:
    return sort_value(
        [[key.replace("Sec", "USec"), parse_microseconds(value)] for key, value in given if key != "OnCalendar"]
    )


def _expect_calendars(given: Given) -> Plain:
    """systemd respells an expression: the result is known here for its words, and if it is already in that spelling."""
    return sort_value([[key, _make_canonical_calendar(value)] for key, value in given if key == "OnCalendar"])


def _make_canonical_calendar(expression: str) -> str:
    spelled = _CALENDAR_WORDS.get(expression.lower(), expression)
    if not _CANONICAL_CALENDAR.fullmatch(spelled):
        raise NotComparable("how systemd spells a calendar expression")
    return spelled


def _expect_addresses(given: Given) -> Plain:
    """Sorted: `effective` keeps the order of one directive alone."""
    return sort_value([[key.removeprefix("Listen"), _expect_address(key, value)] for key, value in given])


def _expect_address(key: str, value: str) -> str:
    found = find_heard(key, value, ipv6_only=True)
    if found is None:
        return make_runtime_path(key, value)
    return f"{found.address}:{found.port}"


def _expect_watches(given: Given) -> Plain:
    return sort_value([[key, _simplify(value)] for key, value in given])


def _expect_pairs(given: Given) -> Plain:
    return sort_value([list(value.split(":", 1)) for _, value in given])


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
    Shape.TEXT: _expect_text,
    Shape.PATH: _expect_path,
    Shape.YES_OR_TEXT: _expect_yes_or_text,
    Shape.BOOLEAN: _expect_boolean,
    Shape.NUMBER: _parse_number,
    Shape.OCTAL: _expect_octal,
    Shape.USEC: _expect_usec,
    Shape.USEC_OR_NEVER: _expect_usec_or_never,
    Shape.NSEC: _parse_number,
    Shape.BYTES: _expect_bytes,
    Shape.TASKS: _expect_tasks,
    Shape.RLIMIT: _expect_rlimit,
    Shape.QUOTA: _expect_quota,
    Shape.SIGNAL: _expect_signal,
    Shape.LEVEL: _expect_level,
    Shape.FACILITY: _expect_facility,
    Shape.WORDS: _expect_words,
    Shape.SET: _set,
    Shape.FILES: _expect_files,
    Shape.STATUSES: _expect_statuses,
    Shape.FAMILIES: _expect_families,
    Shape.SPANS: _expect_spans,
    Shape.CALENDARS: _expect_calendars,
    Shape.ADDRESSES: _expect_addresses,
    Shape.WATCHES: _expect_watches,
    Shape.PAIRS: _expect_pairs,
}
