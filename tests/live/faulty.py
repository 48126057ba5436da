"""A real fault of a live host: inflicted, audited, each proof run, and healed."""

import re
import shlex
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qtctl.adapters.files import read_registry, read_templates
from qtctl.audit.judge import list_expectations
from qtctl.collect.collect import ROOT_ALONE
from qtctl.collect.document import load
from qtctl.flows.declare import declare
from qtctl.lab import lab
from qtctl.model.desired import Desired
from tests.live.box import Box
from tests.meaning.agreement import disagreements

VOLATILE = {"QT205", "QT503", "QT505", "QT506", "QT510", "QT514", "QT515", "QT702", "QT703", "QT704", "QT709"}
NOT_ASKED = "NOT ASKED"
BECOME = ("--user", "ops", "--become")
"""As an account that may use sudo without a password: such a fault's proofs are run by it, too."""
Triple = tuple[str, str, str]


def check_fault(box: Box, fault: dict[str, Any], auditor: str) -> None:
    """The fault gives exactly the checks that it says, each with a proof that holds; healing gives exit 0 again.

    Audit, parity and module registry agree on what they all speak of.
    """
    expected = expect_triples(box, fault)
    try:
        act(box, fault["inflict"])
        settle(box, fault)
        with TemporaryDirectory() as work:
            saved = Path(work) / "evidence.json"
            become = BECOME if fault.get("become") else ()
            ran = box.audit("--save", str(saved), *become)
            report = ran.json()
            assert find_triples(report) == expected
            assert disagreements(desired_of(box), load(saved.read_text(), str(saved))) == []
            assert not become or report["not_asked"] == []
        open_ = any(outcome == "UNKNOWN" for _, _, outcome in expected)
        assert ran.code == fault.get("exit", 1 if fault["findings"] else 3 if open_ else 0)
        for finding in report["findings"]:
            check_proofs(box, finding, become[1] if become else auditor)
        _follow(box, report if fault.get("follow") else {"findings": []})
    finally:
        act(box, fault["heal"])
    healed = box.until_healthy()
    assert (healed.code, find_triples(healed.json())) == (0, set())


def _follow(box: Box, report: dict[str, Any]) -> None:
    """What the findings without a cause say to do, as root, word for word: all is well then, with no other healing."""
    roots = [finding for finding in report["findings"] if finding["because"] is None]
    for finding in roots:
        assert finding["commands"], f"{finding['id']} {finding['subject']}: {finding['remedy']}"
        for command in finding["commands"]:
            box.sh(shlex.join(command))
    if roots:
        healed = box.until_healthy()
        assert (healed.code, find_triples(healed.json())) == (0, set()), "the remedies heal it"


def act(box: Box, script: str) -> None:
    network = {"unplug": lab.unplug, "plug": lab.plug}
    if script in network:
        network[script](box.name)
    else:
        box.sh(script)


def settle(box: Box, fault: dict[str, Any]) -> None:
    box.wait(fault["settle"], fault.get("settle_s", 10.0))


def find_triples(report: dict[str, Any]) -> set[Triple]:
    """Without what an audit without --become never asks."""
    outcomes = {"findings": "FINDING", "unknowns": "UNKNOWN", "not_asked": NOT_ASKED}
    rows = ((check, word) for name, word in outcomes.items() for check in report[name])
    return {(check["id"], check["subject"], word) for check, word in rows if check["reason"] != ROOT_ALONE}


def expect_triples(box: Box, fault: dict[str, Any]) -> set[Triple]:
    """All that the audit of a host with this fault may and must say."""
    every = {(id_, subject, "FINDING") for id_, subject in _matching(box, fault.get("every", {}))}
    unknown = {(id_, subject, "UNKNOWN") for id_, subject in _matching(box, fault.get("unknown", {}))}
    not_asked = {(id_, subject, NOT_ASKED) for id_, subject in _matching(box, fault.get("not_asked", {}))}
    return (
        every
        | unknown
        | not_asked
        | _named(fault.get("findings", {}), "FINDING")
        | _named(fault.get("unknown_here", {}), "UNKNOWN")
    )


def _named(subjects_of: dict[str, list[str]], outcome: str) -> set[Triple]:
    return {(id_, subject, outcome) for id_, subjects in subjects_of.items() for subject in subjects}


def _matching(box: Box, patterns_of: dict[str, list[str]]) -> set[tuple[str, str]]:
    """The declared checks that the patterns mean."""
    patterns = [(id_, subject) for id_, subjects in patterns_of.items() for subject in subjects]
    if not patterns:
        return set()
    return {
        (id_, subject)
        for id_, subject in _declared(box)
        for id_pattern, subject_pattern in patterns
        if fnmatchcase(id_, id_pattern) and fnmatchcase(subject, subject_pattern)
    }


def _declared(box: Box) -> set[tuple[str, str]]:
    """Everything that the registry makes an audit check, as (id, subject), without an earlier look."""
    return {(rule.id, each.subject) for rule, each in list_expectations(desired_of(box)) if each.needs}


def desired_of(box: Box) -> Desired:
    return _declare(tuple(read_registry(box.registry).items()))


@lru_cache(maxsize=2)
def _declare(files: tuple[tuple[str, bytes], ...]) -> Desired:
    return declare(dict(files), read_templates(None), "", None).desired


def check_proofs(box: Box, finding: dict[str, Any], auditor: str) -> None:
    """Each printed proof, run by the account that audits, prints the line that it claims."""
    assert finding["proof"], f"{finding['id']} {finding['subject']} has no proof"
    assert failed_proofs(box, finding, auditor) == []


def failed_proofs(box: Box, finding: dict[str, Any], auditor: str) -> list[str]:
    """The proofs that do not print the line that they claim, each with what they print."""
    return [said for proof in finding["proof"] if (said := _run_proof(box, proof, finding, auditor))]


def _run_proof(box: Box, proof: dict[str, Any], finding: dict[str, Any], auditor: str) -> str:
    ran = box.ssh(auditor, proof["again"])
    lines = [_still(line, finding) for line in ran.out.splitlines()]
    right = _still(proof["line"], finding) in lines
    return "" if right else f"{proof['again']}\n{ran.out}{ran.err}\nwants: {proof['line']}"


def _still(line: str, finding: dict[str, Any]) -> str:
    """The line without the numbers that go on by themselves: lag, ages, restarts."""
    return re.sub(r"[0-9]+", "N", line) if finding["id"] in VOLATILE else line
