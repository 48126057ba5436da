"""Each rule: what it finds, where, and where it is silent. And that no secret is ever shown."""

import json

import pytest

from qtctl.findings.finding import Severity
from qtctl.findings.verdict import Conclusion
from qtctl.flows.lint import lint, list_declared
from qtctl.formats.catalogue import Content, list_offered, write_text
from qtctl.reports.lint import Report, to_json
from qtctl.reports.lint_view import build_view
from tests.lint.case import Case
from tests.lint.cases import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_found(case: Case) -> None:
    found = case.linted.findings
    shown = [(each.id, each.severity.value, str(each.place), each.subject, each.what) for each in found]
    assert [row[:4] for row in shown] == [row[:4] for row in case.found], shown
    for row, wanted in zip(shown, case.found, strict=True):
        assert wanted[4] in row[4]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_secret_is_shown(case: Case) -> None:
    linted = case.linted
    assert linted.registry is not None
    report = Report("r", (), linted.findings, list_declared(linted.registry), Severity.WARNING)
    for name in set(list_offered(Content.JUDGED)) - {"table"}:
        shown = write_text(build_view(report, str), name)
        for secret in ("hunter", "9f86d0", "kJ8s0L", "AKIA", "abcdefghijkl", "changeme"):
            assert secret not in shown


def test_every_rule_is_found_and_silent_once() -> None:
    found = {row[0] for case in CASES for row in case.found}
    assert found == {f"QT{number}" for number in range(103, 119)}


def test_the_policy_says_how_bad_a_finding_is() -> None:
    case = next(case for case in CASES if case.name == "no cap")
    texts = {**case.texts, "policy.toml": b'fail_on = "error"\nseverities = { QT114 = "info" }\n'}
    linted = lint(texts, case.templates)
    assert {each.severity for each in linted.findings} == {Severity.INFO}
    assert linted.conclusion is Conclusion.AS_DECLARED
    assert json.loads(to_json(Report("r", (), linted.findings, {}, linted.gate)))["summary"]["info"] == 2
