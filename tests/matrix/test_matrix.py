"""The matrix itself: enough situations, each complete and sound; all of them on live hosts where QTCTL_MATRIX asks.

QTCTL_MATRIX names suites ("bookworm", or "bullseye,bookworm,trixie"). `python -m tests.matrix` does the same, goes on
where it was interrupted, and keeps the results.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from qtctl.reports.unreachable import UNREACHABLE
from qtctl.rules.catalogue import list_host_rules
from tests.machine import own_lab
from tests.matrix import hosts
from tests.matrix.results import SEED
from tests.matrix.run import faults_of, run
from tests.matrix.situation import EXPECTED, KEYS, SUITES, are_independent, choose, draw_pairs, read_all

SITUATIONS = read_all()
ENOUGH, PAIRS = 150, 30
ASKED = os.environ.get("QTCTL_MATRIX", "")


def test_there_are_enough_and_a_third_is_harmless() -> None:
    assert len(SITUATIONS) >= ENOUGH
    assert sum(each.harmless for each in SITUATIONS) * 3 >= len(SITUATIONS)


def test_each_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(each.name for each in SITUATIONS).items() if count > 1] == []


def test_each_says_how_it_is_made_settled_and_healed() -> None:
    for each in SITUATIONS:
        assert {"inflict", "settle", "heal"} <= each.data.keys() <= KEYS, each.name
        assert {*each.data.get("suites", SUITES)} <= {*SUITES}, each.name


def test_what_is_expected_are_findings_that_there_are() -> None:
    ids = {rule.id for rule in list_host_rules()} | {UNREACHABLE}
    for each in SITUATIONS:
        named = {id_ for key in EXPECTED for id_ in each.data.get(key, {}) if "*" not in id_}
        assert named <= ids, each.name


def test_pairs_are_the_same_each_time_and_do_not_meddle_with_each_other() -> None:
    pairs = draw_pairs(SITUATIONS, PAIRS, SEED)
    assert pairs == draw_pairs(SITUATIONS, PAIRS, SEED)
    assert len(pairs) == PAIRS
    assert all(are_independent(*pair) for pair in pairs)


@pytest.mark.parametrize(
    ("one", "other", "independent"),
    [
        ("unit-file-touched", "daemon-reloaded", False),  # the reload heals the first
        ("env-folder-closed", "env-file-readable", False),  # one lies in the other
        ("bound-to-every-family", "health-url-is-gone", False),  # both write one file
        ("unit-file-touched", "health-url-is-gone", True),
    ],
)
def test_what_is_independent(one: str, other: str, *, independent: bool) -> None:
    by_name = {each.name: each for each in SITUATIONS}
    assert are_independent(by_name[one], by_name[other]) is independent


@pytest.mark.lab
@pytest.mark.skipif(
    not ASKED, reason="situations of live hosts are made on demand, half an hour a suite: docs/matrix.md"
)
@pytest.mark.parametrize("suite", [each for each in ASKED.split(",") if each])
def test_every_situation(suite: str, tmp_path: Path) -> None:
    if why := hosts.why_no_root(suite):
        pytest.skip(why)
    wrong = {}
    with own_lab(tmp_path / "lab"):
        box = hosts.make(suite)
        for each in choose(SITUATIONS, (), suite):
            if said := [*faults_of(run(box, suite, (each,)))]:
                wrong[each.name] = said
    assert wrong == {}
