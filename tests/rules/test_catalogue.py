"""Findings are discovered by folder: each file has its own, each id is there once, and nothing else lies there."""

import re
from itertools import chain
from pathlib import Path

import pytest

from qtctl.findings.meaning import Meaning
from qtctl.rules.catalogue import FOLDERS, list_families, list_host_rules, list_ids, list_meanings, list_view_rules
from qtctl.rules.rule import Rule
from qtctl.rules.view import ViewRule

RULES = Path(__file__).parent.parent.parent / "qtctl" / "rules"
FILES = sorted(path for folder in FOLDERS for path in (RULES / folder).glob("*.py") if path.stem != "__init__")


def test_every_folder_of_rules_is_looked_through() -> None:
    assert sorted(FOLDERS) == sorted(path.parent.name for path in RULES.glob("*/__init__.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_file_registers_the_findings_that_it_defines(path: Path) -> None:
    (family,) = (each for each in list_families(path.parent.name) if each.__name__.endswith(f".{path.stem}"))
    assert family.RULES
    defined = re.findall(r"^(QT[0-9]{3,4}) = \w+\(\n    \"(QT[0-9]{3,4})\"", path.read_text(), re.MULTILINE)
    assert [each.id for each in family.RULES] == [name for name, _ in defined] == [id_ for _, id_ in defined]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_file_has_cases_of_its_name(path: Path) -> None:
    beside = Path(__file__).parent / path.parent.name
    assert any((beside / name).exists() for name in (f"{path.stem}.py", f"{path.stem}.json", f"test_{path.stem}.py"))


def test_each_id_is_defined_once() -> None:
    every = [each.id for each in list_meanings()]
    assert every == sorted(set(every), key=lambda each: (len(each), each))
    assert list_ids() == set(every)


def test_rules_are_of_the_kind_that_their_folder_looks_at() -> None:
    of_host = list(chain.from_iterable(family.RULES for family in list_families("host")))
    assert all(isinstance(each, Rule) for each in of_host)
    assert {each.id for each in list_host_rules()} == {each.id for each in of_host}
    others: list[Meaning] = list(chain.from_iterable(family.RULES for family in list_families("registry", "units")))
    assert {each.id for each in list_view_rules()} == {each.id for each in others if isinstance(each, ViewRule)}
    assert not any(isinstance(each, Rule) for each in others)
