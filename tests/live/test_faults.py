"""Real faults on a live host: each gives exactly its set of checks, each proof can be run, healing gives exit 0."""

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters.files import read_registry, read_templates
from qtctl.audit.judge import expectations
from qtctl.flows.declared import declare
from qtctl.lab import lab
from tests.live.box import ROOT, Box

pytestmark = pytest.mark.lab

FAULTS: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "faults.toml").read_text())
AUDITOR = "qtaudit"
ENOUGH = 15
VOLATILE = {"QT205", "QT503", "QT505"}
Triple = tuple[str, str, str]


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= ENOUGH


def test_a_healthy_host_has_no_finding(box: Box) -> None:
    ran = box.until_healthy()
    assert (ran.code, ran.json()["findings"], ran.json()["unknowns"]) == (0, [], [])


@pytest.mark.parametrize("name", FAULTS)
def test_fault(box: Box, name: str) -> None:
    fault = FAULTS[name]
    expected = _expected(fault)
    try:
        _act(box, fault["inflict"])
        _settle(box, fault)
        ran = box.audit()
        report = ran.json()
        assert _found(report) == expected
        assert ran.code == (1 if fault["findings"] else 3 if expected else 0)
        for finding in report["findings"]:
            _proved(box, finding)
    finally:
        _act(box, fault["heal"])
    healed = box.until_healthy()
    assert (healed.code, _found(healed.json())) == (0, set())


def _act(box: Box, script: str) -> None:
    network = {"unplug": lab.unplug, "plug": lab.plug}
    if script in network:
        network[script](box.name)
    else:
        box.sh(script)


def _settle(box: Box, fault: dict[str, Any]) -> None:
    box.wait(fault["settle"], fault.get("settle_s", 10.0))


def _found(report: dict[str, Any]) -> set[Triple]:
    findings = {(check["id"], check["subject"], "FINDING") for check in report["findings"]}
    return findings | {(check["id"], check["subject"], "UNKNOWN") for check in report["unknowns"]}


def _expected(fault: dict[str, Any]) -> set[Triple]:
    findings = {(id_, subject, "FINDING") for id_, subjects in fault["findings"].items() for subject in subjects}
    patterns = [(id_, subject) for id_, subjects in fault.get("unknown", {}).items() for subject in subjects]
    unknown = {
        (id_, subject, "UNKNOWN")
        for id_, subject in _declared()
        for id_pattern, subject_pattern in patterns
        if fnmatchcase(id_, id_pattern) and fnmatchcase(subject, subject_pattern)
    }
    return findings | unknown


def _declared() -> set[tuple[str, str]]:
    """Everything that the registry makes an audit check, as (id, subject)."""
    desired = declare(read_registry(ROOT / "registry"), read_templates(None), "", None).desired
    return {(rule.id, expectation.subject) for rule, expectation in expectations(desired)}


def _proved(box: Box, finding: dict[str, Any]) -> None:
    """Each printed proof, run by the account that audits, prints the line that it claims."""
    assert finding["proof"], f"{finding['id']} {finding['subject']} has no proof"
    for proof in finding["proof"]:
        ran = box.ssh(AUDITOR, proof["again"])
        lines = [_still(line, finding) for line in ran.out.splitlines()]
        assert _still(proof["line"], finding) in lines, f"{proof['again']}\n{ran.out}{ran.err}\nwants: {proof['line']}"


def _still(line: str, finding: dict[str, Any]) -> str:
    """The line without the numbers that go on by themselves: lag, ages, restarts."""
    return re.sub(r"[0-9]+", "N", line) if finding["id"] in VOLATILE else line
