"""All findings, discovered by folder: each file of a folder has the findings of one family, in `RULES`."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

from qtctl.findings.meaning import Meaning

if TYPE_CHECKING:
    from qtctl.rules.fleet_rule import FleetRule
    from qtctl.rules.rule import Rule
    from qtctl.rules.view import ViewRule

FOLDERS = ("registry", "units", "host", "fleet", "parity", "history", "claims", "rehearsal", "gates")
"""The registry itself, what is rendered from it, evidence of a host, evidence of several hosts, compose files,
snapshots, documents, rehearsals, gates."""


def list_families(*folders: str) -> Iterator[ModuleType]:
    """The files of some folders, by name."""
    for folder in folders:
        package = import_module(f"qtctl.rules.{folder}")
        for found in iter_modules(package.__path__):
            yield import_module(f"{package.__name__}.{found.name}")


def _list_meanings(*folders: str) -> tuple[Meaning, ...]:
    found = (each for family in list_families(*folders) for each in family.RULES)
    return tuple(sorted(found, key=lambda each: (len(each.id), each.id)))


@cache
def list_host_rules() -> "tuple[Rule, ...]":
    """The rules of an audit, by id."""
    from qtctl.rules.rule import Rule  # noqa: PLC0415 - facts and evidence, which lint does without

    return tuple(each for each in _list_meanings("host") if isinstance(each, Rule))


@cache
def list_fleet_rules() -> "tuple[FleetRule, ...]":
    """The rules of an audit of several hosts, by id."""
    from qtctl.rules.fleet_rule import FleetRule  # noqa: PLC0415 - as above

    return tuple(each for each in _list_meanings("fleet") if isinstance(each, FleetRule))


@cache
def list_view_rules() -> "tuple[ViewRule, ...]":
    """The rules of lint, by id."""
    from qtctl.rules.view import ViewRule  # noqa: PLC0415 - the parser of unit files, which an audit does without

    return tuple(each for each in _list_meanings("registry", "units") if isinstance(each, ViewRule))


@cache
def list_folder_meanings(folder: str) -> tuple[Meaning, ...]:
    """The findings of one folder, by id: the others are not loaded."""
    return _list_meanings(folder)


@cache
def list_meanings() -> tuple[Meaning, ...]:
    """Every finding, by id."""
    return _list_meanings(*FOLDERS)


_DIGITS = str.maketrans("OIL", "011")
"""Letters that are taken for digits: QT2O1."""


def find_near_ids(wrong: str, known: Iterable[str], most: int) -> list[str]:
    """The ids that were probably meant, the nearest first."""
    return get_close_matches(wrong.upper().translate(_DIGITS), sorted(known), n=most, cutoff=0.7)


@cache
def list_ids() -> frozenset[str]:
    return frozenset(each.id for each in list_meanings())
