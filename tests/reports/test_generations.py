"""Reports of generations: what was noted of each, and what differs between two without showing a value."""

import json
from dataclasses import replace
from typing import Any

import pytest

from qtctl.model.backup import Backup, Manifest
from qtctl.model.generation import FOUND, GenerationRecord
from qtctl.model.states import ServiceState
from qtctl.reports import generation, generation_view, generations, generations_view
from qtctl.reports.blocks import Paragraph, Table
from tests.builders.planned import UNITS, desired, service, target

NOTES = (("by", "ann@desk"), ("registry", "0" * 64), ("version", "0.1.0"))
STEPS = (("write", f"{UNITS}/quantum-a.service"), ("restart", "quantum-a.service"))
CURRENT = GenerationRecord(3, "confirmed", True, 1_768_600_000, NOTES, STEPS)
TAKEN_BACK = GenerationRecord(2, "restored", False, None, (), STEPS)
UNDER_WAY = GenerationRecord(4, "", False, None, NOTES, ())
EARLIER = replace(CURRENT, number=1, current=False)
UNIT, ENV = f"{UNITS}/quantum-a.service", "/etc/quantum/a.env"
OLD = desired(service("a"), service("b"), target(), texts={UNIT: b"[Service]\nNice=1\n", ENV: b"TOKEN=canary-1\n"})
NEW = desired(
    service("a", ServiceState.STOPPED), service("c"), target(),
    texts={UNIT: b"[Service]\nNice=2\nEnvironment=TOKEN=canary-2\n", ENV: b"TOKEN=canary-2\n"},
)  # fmt: skip


def test_each_generation_with_what_was_noted_of_it() -> None:
    report = generations.build_report((UNDER_WAY, CURRENT, TAKEN_BACK), host="h1", address="lab1")
    rows = json.loads(generations.to_json(report))["generations"]
    assert [(row["number"], row["outcome"], row["current"]) for row in rows] == [
        (4, "under way", False),
        (3, "confirmed", True),
        (2, "restored", False),
    ]
    assert (rows[1]["at"], rows[1]["by"], rows[1]["steps"]) == ("2026-01-16T21:46:40Z", "ann@desk", 2)
    assert (rows[2]["at"], rows[2]["by"]) == (None, "")


def test_a_unit_and_its_file_are_named_once() -> None:
    report = generations.build_report((CURRENT,), host="h1", address="lab1")
    *_, table = generations_view.build_page(report)
    assert isinstance(table, Table)
    assert table.rows[0][-1] == ("quantum-a.service",)


def test_what_differs_between_two() -> None:
    report = generation.build_report(((EARLIER, OLD), (CURRENT, NEW)), address="lab1")
    files = {each.path: each.change for each in report.files}
    assert files[UNIT] == files[ENV] == "changed"
    assert files[f"{UNITS}/quantum-b.service"] == "removed"
    assert files[f"{UNITS}/quantum-c.service"] == "added"
    units = {each.unit: (each.change, each.before, each.after) for each in report.units}
    assert units["quantum-a.service"] == ("changed", "active, enabled", "stopped, not enabled")
    assert units["quantum-b.service"] == ("removed", "active, enabled", None)
    diff = next(each.diff for each in report.files if each.path == UNIT)
    assert diff is not None
    assert "-Nice=1" in diff
    assert "canary" not in generation.to_json(report)


FOUND_FIRST = GenerationRecord(0, FOUND, False, None, NOTES, ())
NOTHING_FOUND = Backup(Manifest(1, "quantum", "h1", "lab1", "h1", "", "", "", "", "", "", (), ()), {})


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (((FOUND_FIRST, NOTHING_FOUND),), "Nothing of the fleet was there before the first deploy."),
        (((CURRENT, NEW), (CURRENT, NEW)), "Nothing differs."),
    ],
    ids=["generation 0", "two that are alike"],
)
def test_nothing_is_said_in_words(found: Any, says: str) -> None:
    assert Paragraph(says) in generation_view.build_page(generation.build_report(found, address="lab1"))


def test_one_is_shown_with_all_that_it_holds() -> None:
    report = generation.build_report(((CURRENT, NEW),), address="lab1")
    assert {*(each.change for each in report.files), *(each.change for each in report.units)} == {"held"}
    assert [each.number for each in report.generations] == [3]
