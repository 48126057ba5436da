"""What we say systemd ignores, it ignores: it says so itself, and the unit is the same without that line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from qtctl.dialects.systemd.booleans import boolean
from qtctl.dialects.systemd.calendar import calendar_trouble
from qtctl.dialects.systemd.size import bytes_of
from qtctl.dialects.systemd.table.lookup import keys_of, known
from qtctl.dialects.systemd.timespan import microseconds
from qtctl.dialects.systemd.unitfile import effective, parse
from qtctl.dialects.systemd.values import kept_units, part_trouble, value_trouble
from tests.adopt import same
from tests.adopt.values import SOCKET_VALUES, TIMER_VALUES, VALUES, Values

pytestmark = pytest.mark.lab

VERSION = 252


@dataclass(frozen=True, slots=True)
class Try:
    """A unit in which each directive has one value; its lines by number from 1."""

    name: str
    text: str
    lines: Mapping[int, tuple[str, str, str]]


def tries(kind: str, values: Values, end: str) -> Iterator[Try]:
    for number in range(max(map(len, values.values()))):
        text, lines = "", {}
        for (section, key), those in values.items():
            if number < len(those):
                text += f"[{section}]\n{key}={those[number]}\n"
                lines[text.count("\n")] = (section, key, those[number])
        yield Try(f"try{number}.{kind}", text + end, lines)


ENOUGH = {
    "Service": "ExecStart=/bin/true", "Timer": "OnActiveSec=5", "Socket": "ListenFIFO=/run/x", "Path": "PathExists=/x",
    "Slice": "", "Unit": "",
}  # fmt: skip
"""What a unit cannot do without, by section. [Install] is not looked at when a unit is loaded."""


def empties() -> Iterator[Try]:
    """Each directive that there is, with an empty value; those of commands and sandboxes in services alone."""
    seen: set[str] = set()
    for section, enough in ENOUGH.items():
        kind = section.lower() if section != "Unit" else "target"
        for key in keys_of(section, VERSION):
            if key not in seen:
                text = f"[{section}]\n{key}=\n{enough}\n"
                yield Try(f"empty{section}{key}.{kind}", text, {2: (section, key, "")})
            seen.add(key)


TRIES = (
    *tries("service", VALUES, "[Service]\nExecStart=/bin/true\n"),
    *tries("timer", TIMER_VALUES, "OnActiveSec=7\n"),
    *tries("socket", SOCKET_VALUES, "ListenFIFO=/run/x\n"),
)
FATAL = ("DynamicUser",)
"""Of a bad value systemd says so, and does not ignore it: the unit cannot be started."""


DEPRECATED = ("KillMode", "none")
"""Taken, with a complaint."""
BY_VERSION = ("PrivateMounts", "")
"""Taken by systemd 255, not by those before and after."""


def trouble(section: str, key: str, value: str) -> str | None:
    if key == "OnCalendar":
        return calendar_trouble(value) if value else None
    return value_trouble(key, known(section, key, VERSION) or "", value)


def without(each: Try) -> str:
    """The unit without the lines that we say systemd ignores."""
    lines = each.text.splitlines()
    for number, (section, key, value) in each.lines.items():
        if trouble(section, key, value):
            lines[number - 1] = ""
    return "\n".join(lines)


def files(those: Iterable[Try]) -> same.Files:
    return same.Files({each.name: each.text.encode() for each in those})


@pytest.fixture(scope="module")
def loaded(host: str) -> same.Loaded:
    return same.loaded(host, files(TRIES))


@pytest.mark.parametrize(("which", "at_least"), [("values", 400), ("empty", 150)])
def test_systemd_complains_of_what_we_complain_of(host: str, which: str, at_least: int) -> None:
    those = TRIES if which == "values" else tuple(empties())
    ours = {
        (each.name, number)
        for each in those
        for number, (section, key, value) in each.lines.items()
        if trouble(section, key, value) or part_trouble(known(section, key, VERSION) or "", value)
    }
    values = {(each.name, number): line for each in those for number, line in each.lines.items()}
    complaints = {
        at for at in same.complaints(host, files(those)) if values[at][1] not in FATAL and values[at][1:] != DEPRECATED
    }
    assert {values[at] for at in ours ^ complaints if values[at][1:] != BY_VERSION} == set()
    assert len(ours) > at_least


def test_a_unit_is_the_same_without_what_is_ignored(host: str, loaded: same.Loaded) -> None:
    others = same.Files({each.name: without(each).encode() for each in TRIES})
    assert same.differences(loaded, same.loaded(host, others)) == []


def share(value: str) -> bool:
    return value[-1:] in ("%", "\u2030", "\u2031")


READ = {
    **dict.fromkeys(
        ["RemainAfterExit", "PrivateTmp", "NoNewPrivileges", "SendSIGHUP", "IPAccounting", "ProtectClock"], boolean
    ),
    **dict.fromkeys(["StopWhenUnneeded", "AllowIsolate", "IgnoreOnIsolate", "RefuseManualStart"], boolean),
    **dict.fromkeys(["MemoryMax", "MemoryHigh", "MemoryLow", "MemoryMin", "MemorySwapMax"], bytes_of),
    **dict.fromkeys(
        ["RestartSec", "TimeoutCleanSec", "LogRateLimitIntervalSec", "StartLimitIntervalSec"], microseconds
    ),
    **dict.fromkeys(["AccuracySec", "RandomizedDelaySec"], microseconds),
    **dict.fromkeys(["Persistent", "WakeSystem", "OnClockChange", "RemainAfterElapse"], boolean),
    **dict.fromkeys(
        ["After", "Before", "Wants", "Requires", "Conflicts", "OnFailure", "PartOf", "BindsTo", "Requisite", "Upholds"],
        kept_units,
    ),
}
"""Directive → our reader of its value."""


@pytest.mark.parametrize("key", READ)
def test_what_we_read_is_what_systemd_has(loaded: same.Loaded, key: str) -> None:
    compared = 0
    for each in TRIES:
        found = effective(parse(each.text, each.name))
        section = next((home for home, name in found if name == key), "")
        value = (found.get((section, key)) or ("",))[-1]
        if not section or not value or trouble(section, key, value) or (READ[key] is bytes_of and share(value)):
            continue
        has = loaded[each.name][f"{section}.{key.removesuffix('Sec') + 'USec' if key.endswith('Sec') else key}"]
        compared += 1
        if READ[key] is not kept_units:
            assert has == READ[key](value), value
        else:
            words = {word for word in kept_units(" ".join(found[section, key])) if "%" not in word and "@." not in word}
            assert words <= {*as_list(has)}, value
    assert compared >= 8


def as_list(value: object) -> list[str]:
    assert isinstance(value, list)
    return value
