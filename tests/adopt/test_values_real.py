"""What we say systemd ignores, it ignores: it says so itself, and the unit is the same without that line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from qtctl.dialects.systemd.booleans import boolean
from qtctl.dialects.systemd.calendar import calendar_trouble
from qtctl.dialects.systemd.size import bytes_of
from qtctl.dialects.systemd.table.lookup import known
from qtctl.dialects.systemd.timespan import microseconds
from qtctl.dialects.systemd.unitfile import effective, parse
from qtctl.dialects.systemd.values import kept_units, part_trouble, value_trouble
from qtctl.lab import lab
from tests.adopt import same
from tests.adopt.values import TIMER_VALUES, VALUES, Values

pytestmark = pytest.mark.lab

VERSION = 252
CURSOR = "journalctl --sync; journalctl -n 0 --show-cursor -o cat | sed 's/^-- cursor: //'"
SAID = 'journalctl --sync; journalctl -o json --output-fields=CONFIG_FILE,CONFIG_LINE --after-cursor="$0" _PID=1'
Read = Mapping[str, object]


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


TRIES = (
    *tries("service", VALUES, "[Service]\nExecStart=/bin/true\n"),
    *tries("timer", TIMER_VALUES, "OnActiveSec=7\n"),
)


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


def shell(host: str, *script: str) -> str:
    done = lab.execute(host, ["sh", "-ec", *script])
    assert done.returncode == 0, done.stderr.decode()
    return str(done.stdout.decode())


@dataclass(frozen=True, slots=True)
class Heard:
    loaded: same.Loaded
    complaints: frozenset[tuple[str, int]]
    """File name and line of each that systemd complained of."""


@pytest.fixture(scope="module")
def heard(host: str) -> Heard:
    cursor = shell(host, CURSOR).strip()
    found = same.loaded(host, same.Files({each.name: each.text.encode() for each in TRIES}))
    entries = [json.loads(line) for line in shell(host, SAID, cursor).splitlines()]
    said = frozenset(
        (entry["CONFIG_FILE"].rpartition("/")[2], int(entry["CONFIG_LINE"]))
        for entry in entries
        if "CONFIG_FILE" in entry
    )
    return Heard(found, said)


def test_systemd_complains_of_what_we_complain_of(heard: Heard) -> None:
    ours = {
        (each.name, number)
        for each in TRIES
        for number, (section, key, value) in each.lines.items()
        if trouble(section, key, value) or part_trouble(known(section, key, VERSION) or "", value)
    }
    values = {(each.name, number): line for each in TRIES for number, line in each.lines.items()}
    assert {values[at] for at in ours ^ heard.complaints} == set()
    assert len(ours) > 300


def test_a_unit_is_the_same_without_what_is_ignored(host: str, heard: Heard) -> None:
    files = same.Files({each.name: without(each).encode() for each in TRIES})
    assert same.differences(heard.loaded, same.loaded(host, files)) == []


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
def test_what_we_read_is_what_systemd_has(heard: Heard, key: str) -> None:
    compared = 0
    for each in TRIES:
        found = effective(parse(each.text, each.name))
        section = next((home for home, name in found if name == key), "")
        value = (found.get((section, key)) or ("",))[-1]
        if not section or not value or trouble(section, key, value) or (READ[key] is bytes_of and share(value)):
            continue
        has = heard.loaded[each.name][f"{section}.{key.removesuffix('Sec') + 'USec' if key.endswith('Sec') else key}"]
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
