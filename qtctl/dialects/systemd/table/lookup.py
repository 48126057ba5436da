"""Which directives each systemd knows, in which section, and what kind of value they take.

`directives.json` is what `systemd --dump-configuration-items` of 247, 252, 255 and 257 printed
(tests/table/make.py makes it). It is read on the first question. Versions between two measured ones
are judged by both: what only one of them knows came or went in between, and is `UNSURE`. So is a directive that the
newest measured one does not know, on a newer host.
"""

import json
from bisect import bisect_left, bisect_right
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache
from importlib.resources import files
from typing import TypeAlias

Kind: TypeAlias = str
"""As systemd names it: BOOLEAN, SECONDS, UNIT [...], OTHER …"""

_Spans: TypeAlias = tuple[tuple[Kind, int, int], ...]
"""Kind, and the first and last measured version that has it so."""


class Standing(Enum):
    KNOWN = "known"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


TYPES = {
    ".automount": "Automount",
    ".mount": "Mount",
    ".path": "Path",
    ".scope": "Scope",
    ".service": "Service",
    ".slice": "Slice",
    ".socket": "Socket",
    ".swap": "Swap",
    ".timer": "Timer",
}
"""Suffix of a unit's name → the section of its own. Targets and devices have none."""


class _Table:
    def __init__(self) -> None:
        raw = json.loads(files(__package__).joinpath("directives.json").read_text("utf-8"))
        self.versions: tuple[int, ...] = tuple(raw["versions"])
        self.sections: dict[str, dict[str, str]] = raw["sections"]

    def spans(self, section: str, key: str) -> _Spans:
        written = self.sections.get(section, {}).get(key)
        if written is None:
            return ()
        return tuple(self._span(part) for part in written.split("|"))

    def _span(self, written: str) -> tuple[Kind, int, int]:
        kind, _, versions = written.rpartition(" ")
        first, dots, last = versions.partition("..")
        if dots != ".." or not first.isdecimal():
            return written, self.versions[0], self.versions[-1]
        return kind, int(first), int(last)


@lru_cache(maxsize=1)
def _table() -> _Table:
    return _Table()


def versions() -> tuple[int, ...]:
    """The versions that were asked, in order."""
    return _table().versions


def sections(version: int) -> tuple[str, ...]:
    """The sections that systemd `version` has directives in."""
    table = _table()
    return tuple(name for name, keys in table.sections.items() if any(known(name, key, version) for key in keys))


def sections_of(unit: str) -> tuple[str, ...]:
    """The sections that a unit of this name may have: [Unit], its type's own, [Install]."""
    own = TYPES.get(unit[unit.rfind(".") :], "")
    return ("Unit", own, "Install") if own else ("Unit", "Install")


def section_of(unit: str, key: str) -> str | None:
    """The section in which a unit of this name takes `key`, [Unit] before its own; None where it takes it in none."""
    return next((section for section in sections_of(unit) if _table().spans(section, key)), None)


@lru_cache(maxsize=4096)
def known(section: str, key: str, version: int) -> Kind | None:
    """The kind of value that `key` takes in `section`; None where systemd `version` does not know it there.

    Of a version between two measured ones, the older of them answers.
    """
    measured = _around(version)[0]
    return next((kind for kind, first, last in _table().spans(section, key) if first <= measured <= last), None)


def kind_of(section: str, key: str) -> Kind:
    """The kind of value that `key` takes to the newest measured version that knows it; '' where none does."""
    return next((kind for kind, _, _ in reversed(_table().spans(section, key))), "")


def keys_of(section: str, version: int) -> tuple[str, ...]:
    """The directives that systemd `version` knows in `section`."""
    return tuple(key for key in _table().sections[section] if known(section, key, version))


def every_directive() -> tuple[tuple[str, str], ...]:
    """Section and name of all that any measured version knows."""
    return tuple((section, key) for section, keys in _table().sections.items() for key in keys)


@lru_cache(maxsize=4096)
def standing(section: str, key: str, version: int) -> Standing:
    """Whether systemd `version` knows it, as far as the measured versions tell."""
    if not _table().spans(section, key):
        return Standing.UNSURE if version > versions()[-1] else Standing.UNKNOWN
    there = {known(section, key, each) is not None for each in _around(version)}
    if len(there) > 1:
        return Standing.UNSURE
    return Standing.KNOWN if True in there else Standing.UNKNOWN


def since(section: str, key: str) -> int | None:
    """The first measured version that knows it; the first of all may have had it from an older one."""
    return min((first for _, first, _ in _table().spans(section, key)), default=None)


def until(section: str, key: str) -> int | None:
    """The last measured version that knows it."""
    return max((last for _, _, last in _table().spans(section, key)), default=None)


def homes(key: str, version: int) -> tuple[str, ...]:
    """The sections in which systemd `version` knows a directive of this name."""
    return tuple(section for section in _table().sections if known(section, key, version))


def nearest(section: str, key: str, version: int) -> str | None:
    """The directive of `section` whose name is most like `key`: one in another case first."""
    names = [name for name in _table().sections.get(section, {}) if known(section, name, version)]
    folded = {name.lower(): name for name in names}
    if key.lower() in folded:
        return folded[key.lower()]
    return next(iter(get_close_matches(key, names, n=1, cutoff=0.75)), None)


def _around(version: int) -> tuple[int, ...]:
    """The measured versions next to `version`: itself, or the ones below and above, or the outermost."""
    measured = versions()
    at = bisect_left(measured, version)
    if at < len(measured) and measured[at] == version:
        return (version,)
    below = bisect_right(measured, version) - 1
    return tuple(measured[i] for i in (below, below + 1) if 0 <= i < len(measured))
