"""Real faults on a live host: each gives exactly its set of checks, each proof can be run, healing gives exit 0."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.live.box import Box
from tests.live.faulty import BECOME, check_fault

pytestmark = pytest.mark.lab

FAULTS: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "faults.toml").read_text())
AUDITOR = "qtaudit"
ENOUGH = 15
SLOW = frozenset({"publisher-stopped-until-stale"})


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= ENOUGH


def test_a_healthy_host_has_no_finding(box: Box) -> None:
    ran = box.until_healthy()
    assert (ran.code, ran.json()["findings"], ran.json()["unknowns"]) == (0, [], [])
    whole = box.audit(*BECOME)
    report = whole.json()
    assert (whole.code, report["findings"], report["unknowns"], report["not_asked"]) == (0, [], [], [])


@pytest.mark.parametrize("name", FAULTS)
def test_fault(box: Box, name: str) -> None:
    if name in SLOW and not os.environ.get("QTCTL_SLOW_HOSTS"):
        pytest.skip("takes a minute: set QTCTL_SLOW_HOSTS=1; the matrix has it too")
    check_fault(box, FAULTS[name], AUDITOR)
