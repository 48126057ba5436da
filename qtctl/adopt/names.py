"""Names of units in a registry: without their common prefix, and without characters that no name can have."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from qtctl.model.unit_kinds import DECLARATIONS

KINDS = {each.kind.suffix: each.table for each in DECLARATIONS}
"""Suffix → table of the registry."""

_ODD = re.compile(r"[^A-Za-z0-9._@-]+")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]*[-_]")
LONGEST = 120


def find_shared_prefix(units: Iterable[str]) -> str:
    """The prefix, up to a `-`, that at least half of the units, and at least two, share; else ''."""
    names = sorted(set(units))
    found = Counter(match[0] for name in names if (match := _PREFIX.match(name)) and match[0].endswith("-"))
    for prefix, number in sorted(found.items(), key=lambda each: (-each[1], each[0])):
        if number > 1 and number * 2 >= len(names):
            return prefix
    return ""


def find_kind(unit: str) -> str:
    return KINDS[unit[unit.rfind(".") :]]


def name_entries(units: Iterable[str], prefix: str) -> Mapping[str, str]:
    """Unit → its name in its table; unique within a table."""
    found: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    for unit in sorted(units):
        kind, stem = find_kind(unit), unit.rpartition(".")[0]
        short = stem.removeprefix(prefix) if len(stem) > len(prefix) else stem
        name = next(name for name in _list_candidates(short, stem) if (kind, name) not in taken)
        taken.add((kind, name))
        found[unit] = name
    return found


def _list_candidates(short: str, stem: str) -> Iterable[str]:
    yield from (make_allowed(short), make_allowed(stem))
    number = 2
    while True:
        yield f"{make_allowed(stem)}.{number}"
        number += 1


def make_allowed(text: str) -> str:
    """`text` as a valid name in a registry."""
    name = _ODD.sub("_", text.strip("-_.") or "root")[:LONGEST]
    return name if name[0].isalnum() else f"x{name}"
