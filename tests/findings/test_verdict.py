"""What findings come to, by the gate; and what a policy makes of their severities."""

from dataclasses import replace

import pytest

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.policy import Policy
from qtctl.findings.verdict import Conclusion, conclude

HOLDS, BROKEN, UNKNOWN, NOT_ASKED = Outcome.HOLDS, Outcome.BROKEN, Outcome.UNKNOWN, Outcome.NOT_ASKED
INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
AS_DECLARED, INCOMPLETE, NOT = Conclusion.AS_DECLARED, Conclusion.INCOMPLETE, Conclusion.NOT_AS_DECLARED


def finding(outcome: Outcome, severity: Severity, id_: str = "QT201") -> Finding:
    return Finding(
        id=id_, outcome=outcome, severity=severity, title="t", host="box", subject="a.service", fingerprint="0"
    )


CASES: list[tuple[Severity, list[tuple[Outcome, Severity]], Conclusion]] = [
    (INFO, [], AS_DECLARED),
    (INFO, [(HOLDS, ERROR)], AS_DECLARED),
    (INFO, [(BROKEN, INFO)], NOT),
    (WARNING, [(BROKEN, INFO)], AS_DECLARED),
    (WARNING, [(BROKEN, WARNING)], NOT),
    (ERROR, [(BROKEN, WARNING)], AS_DECLARED),
    (ERROR, [(BROKEN, WARNING), (BROKEN, ERROR)], NOT),
    (ERROR, [(UNKNOWN, INFO)], INCOMPLETE),
    (ERROR, [(UNKNOWN, ERROR), (BROKEN, WARNING)], INCOMPLETE),
    (ERROR, [(UNKNOWN, ERROR), (BROKEN, ERROR)], NOT),
    (INFO, [(NOT_ASKED, ERROR), (HOLDS, INFO)], AS_DECLARED),
    (INFO, [(NOT_ASKED, ERROR), (UNKNOWN, INFO)], INCOMPLETE),
    (INFO, [(NOT_ASKED, ERROR)], INCOMPLETE),
]


@pytest.mark.parametrize(("gate", "found", "conclusion"), CASES)
def test_conclude(gate: Severity, found: list[tuple[Outcome, Severity]], conclusion: Conclusion) -> None:
    assert conclude([finding(*each) for each in found], gate) is conclusion


def test_what_is_unknown_besides_makes_it_incomplete() -> None:
    assert conclude([], INFO, unknown=True) is INCOMPLETE
    assert conclude([finding(BROKEN, INFO)], WARNING, unknown=True) is INCOMPLETE
    assert conclude([finding(BROKEN, ERROR)], WARNING, unknown=True) is NOT


def test_a_waived_finding_fails_nothing() -> None:
    assert conclude([replace(finding(BROKEN, ERROR), waiver="known")], INFO) is AS_DECLARED


def test_a_policy_changes_the_severity_of_the_ids_that_it_names() -> None:
    policy = Policy.of("error", {"QT201": "info"})
    assert policy.gate is ERROR
    assert policy.rule(finding(BROKEN, ERROR)).severity is INFO
    assert policy.rule(finding(BROKEN, ERROR, "QT202")) == finding(BROKEN, ERROR, "QT202")
