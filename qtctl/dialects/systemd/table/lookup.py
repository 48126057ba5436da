"""Which directives each systemd knows, in which section, and what kind of value they take.

`directives.json` is what `systemd --dump-configuration-items` of 247, 252, 255 and 257 printed (tests/table/make.py
makes it). It is read on first use. Versions between two measured ones are judged by both: a directive that only one of
them knows is `UNSURE`. So is, on a newer host, a directive that the newest measured one does not know.
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
"""Kind, and the first and last measured version in which the directive has it."""


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
"""Suffix of a unit name → the section of its type. Targets and devices have none."""


class _Table:
    def __init__(self) -> None:
        raw = json.loads(files(__package__).joinpath("directives.json").read_text("utf-8"))
        self.versions: tuple[int, ...] = tuple(raw["versions"])
        self.sections: dict[str, dict[str, str]] = raw["sections"]

    def read_spans(self, section: str, key: str) -> _Spans:
        written = self.sections.get(section, {}).get(key)
        if written is None:
            return ()
        return tuple(self._read_span(part) for part in written.split("|"))

    def _read_span(self, written: str) -> tuple[Kind, int, int]:
        kind, _, versions = written.rpartition(" ")
        first, dots, last = versions.partition("..")
        if dots != ".." or not first.isdecimal():
            return written, self.versions[0], self.versions[-1]
        return kind, int(first), int(last)


@lru_cache(maxsize=1)
def _load_table() -> _Table:
    return _Table()


def list_versions() -> tuple[int, ...]:
    """The measured versions, ascending."""
    return _load_table().versions


def list_sections(version: int) -> tuple[str, ...]:
    """The sections in which systemd `version` has directives."""
    table = _load_table()
    return tuple(name for name, keys in table.sections.items() if any(find_kind(name, key, version) for key in keys))


def list_unit_sections(unit: str) -> tuple[str, ...]:
    """The sections that a unit of this name may have: [Unit], its type's own, [Install]."""
    own = TYPES.get(unit[unit.rfind(".") :], "")
    return ("Unit", own, "Install") if own else ("Unit", "Install")


def find_section(unit: str, key: str) -> str | None:
    """The section in which a unit of this name takes `key`, [Unit] first; None if in none."""
    return next((section for section in list_unit_sections(unit) if _load_table().read_spans(section, key)), None)


@lru_cache(maxsize=4096)
def find_kind(section: str, key: str, version: int) -> Kind | None:
    """The kind of value of `key` in `section`; None if systemd `version` does not know it there.

    Between two measured versions, the older one counts.
    """
    measured = _list_around(version)[0]
    return next(
        (kind for kind, first, last in _load_table().read_spans(section, key) if first <= measured <= last), None
    )


@lru_cache(maxsize=4096)
def find_newest_kind(section: str, key: str) -> Kind:
    """The kind of value of `key` in the newest measured version that knows it; '' if none does."""
    return next((kind for kind, _, _ in reversed(_load_table().read_spans(section, key))), "")


def list_keys(section: str, version: int) -> tuple[str, ...]:
    """The directives that systemd `version` knows in `section`."""
    return tuple(key for key in _load_table().sections[section] if find_kind(section, key, version))


def list_directives() -> tuple[tuple[str, str], ...]:
    """Section and name of every directive that any measured version knows."""
    return tuple((section, key) for section, keys in _load_table().sections.items() for key in keys)


@lru_cache(maxsize=4096)
def find_standing(section: str, key: str, version: int) -> Standing:
    """Whether systemd `version` knows it, as far as the measured versions tell."""
    if not _load_table().read_spans(section, key):
        return Standing.UNSURE if version > list_versions()[-1] else Standing.UNKNOWN
    there = {find_kind(section, key, each) is not None for each in _list_around(version)}
    if len(there) > 1:
        return Standing.UNSURE
    return Standing.KNOWN if True in there else Standing.UNKNOWN


@lru_cache(maxsize=4096)
def find_first_version(section: str, key: str) -> int | None:
    """The first measured version that knows it; the very first may have it from an older one."""
    return min((first for _, first, _ in _load_table().read_spans(section, key)), default=None)


def find_last_version(section: str, key: str) -> int | None:
    """The last measured version that knows it."""
    return max((last for _, _, last in _load_table().read_spans(section, key)), default=None)


def list_homes(key: str, version: int) -> tuple[str, ...]:
    """The sections in which systemd `version` knows a directive of this name."""
    return tuple(section for section in _load_table().sections if find_kind(section, key, version))


def find_nearest(section: str, key: str, version: int) -> str | None:
    """The directive of `section` whose name is most similar to `key`; another case counts as nearest."""
    names = [name for name in _load_table().sections.get(section, {}) if find_kind(section, name, version)]
    folded = {name.lower(): name for name in names}
    if key.lower() in folded:
        return folded[key.lower()]
    return next(iter(get_close_matches(key, names, n=1, cutoff=0.75)), None)


def _list_around(version: int) -> tuple[int, ...]:
    """The measured versions around `version`: itself, or the ones below and above, or the outermost."""
    measured = list_versions()
    at = bisect_left(measured, version)
    if at < len(measured) and measured[at] == version:
        return (version,)
    below = bisect_right(measured, version) - 1
    return tuple(measured[i] for i in (below, below + 1) if 0 <= i < len(measured))
