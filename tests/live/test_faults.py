"""Real faults on a live host: each gives exactly its set of checks, each proof can be run, healing gives exit 0.

The normal run has some of each family. QTCTL_FAULTS=all runs every one.
"""

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
ON_DEMAND = frozenset({
    "stopped-timer", "disabled-while-running", "crash-loop", "edited-file-and-reload",
    "link-in-a-target-that-no-boot-starts", "failed-unit-of-somebody-else", "limit-set-by-hand",
    "drop-in-for-every-unit-of-the-prefix", "reference-to-nothing", "venv-removed", "interpreter-points-nowhere",
    "binds-another-address", "entry-never-acknowledged", "producer-silent", "secrets-file-missing",
    "hosts-alias-elsewhere", "account-with-another-home", "folder-removed", "folder-is-a-link", "folder-open-to-all",
    "file-of-accounts-edited", "file-for-cloud-init-removed", "redis-wants-a-password",
    "secrets-file-leads-nowhere", "secrets-file-emptied", "runs-as-root-by-a-drop-in", "another-working-directory",
    "code-mounted-over", "another-name-that-nothing-declares", "retired-and-running", "names-asked-of-dns-alone",
    "venv-closed-to-its-user", "env-file-newer-than-its-process", "written-to-and-mounted-read-only",
    "started-from-another-venv", "deploy-not-taken-back",
})  # fmt: skip
"""Faults of kinds of which every run has others: of the same family of findings, asked and healed in the same way."""
NOTES = {"why", "suites"}
OUTCOMES = ("findings", "every", "unknown", "unknown_here", "not_asked")


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= ENOUGH


def test_every_run_has_faults_of_each_kind() -> None:
    assert set(FAULTS) >= ON_DEMAND | SLOW
    always = [fault for name, fault in FAULTS.items() if name not in ON_DEMAND | SLOW]
    assert set().union(*map(list_kinds, FAULTS.values())) == set().union(*map(list_kinds, always))


def list_kinds(fault: dict[str, Any]) -> set[tuple[str, str]]:
    """The families of its findings and unknowns, what else it says of the audit, and whether it cuts the network."""
    families = {(outcome, id_[:4]) for outcome in OUTCOMES for id_ in fault.get(outcome, {})}
    cuts = {("cuts the network", "")} if fault["inflict"] == "unplug" else set()
    return families | cuts | {("has", key) for key in fault.keys() - NOTES}


def test_a_healthy_host_has_no_finding(box: Box) -> None:
    ran = box.until_healthy()
    assert (ran.code, ran.json()["findings"], ran.json()["unknowns"]) == (0, [], [])
    whole = box.audit(*BECOME)
    report = whole.json()
    assert (whole.code, report["findings"], report["unknowns"], report["not_asked"]) == (0, [], [], [])


@pytest.mark.parametrize("name", FAULTS)
def test_fault(box: Box, name: str) -> None:
    if name in ON_DEMAND and os.environ.get("QTCTL_FAULTS") != "all":
        pytest.skip("QTCTL_FAULTS=all runs every fault")
    if name in SLOW and not os.environ.get("QTCTL_SLOW_HOSTS"):
        pytest.skip("takes a minute: set QTCTL_SLOW_HOSTS=1; the matrix has it too")
    check_fault(box, FAULTS[name], AUDITOR)
