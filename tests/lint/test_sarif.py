"""SARIF 2.1.0: what its schema requires, and what code scanning of forges asks for."""

import json
from typing import Any

import pytest

from qtctl.errors import InputErrors
from qtctl.flows.lint import lint
from qtctl.formats.catalogue import write_text
from qtctl.reports.lint import Report
from qtctl.reports.lint_view import UNREADABLE, build_view, list_rules
from tests.lint.case import Case
from tests.lint.cases import CASES


def sarif(case: Case) -> dict[str, Any]:
    linted = case.linted
    report = Report("r", (), linted.findings, {}, linted.gate)
    document: dict[str, Any] = json.loads(write_text(build_view(report, lambda file: f"my registry/{file}"), "sarif"))
    return document


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_required_fields(case: Case) -> None:
    document = sarif(case)
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "qtctl"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert len(run["results"]) == len(case.found)
    for result, (id_, severity, place, _, _) in zip(run["results"], case.found, strict=True):
        file, _, line = place.partition(":")
        assert result["ruleId"] == id_ == ids[result["ruleIndex"]]
        assert result["level"] == {"error": "error", "warning": "warning", "info": "note"}[severity]
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == f"my%20registry/{file}"
        assert physical["region"]["startLine"] == int(line)
        assert all(len(digest) == 32 for digest in result["partialFingerprints"].values())


def test_errors_are_results_too() -> None:
    texts = {**Case("").texts, "policy.toml": b"x = \n"}
    with pytest.raises(InputErrors) as caught:
        lint(texts, {})
    bad = Case("", edits={"services/api.toml": ('venv = "main"', 'venv = "mane"')})
    with pytest.raises(InputErrors) as other:
        lint(bad.texts, {})
    report = Report("r", (*caught.value.errors, *other.value.errors), (), None, None)
    (run,) = json.loads(write_text(build_view(report, lambda file: f"/r/{file}"), "sarif"))["runs"]
    assert [result["ruleId"] for result in run["results"]] == [UNREADABLE, "QT102"]
    locations = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [each["artifactLocation"]["uri"] for each in locations] == [
        "file:///r/policy.toml",
        "file:///r/services/api.toml",
    ]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {*(each.id for each in list_rules()), UNREADABLE}


def test_fingerprints_stay_when_lines_move() -> None:
    case = next(case for case in CASES if case.name == "no cap, said so")
    moved = Case(
        "", edits=case.edits, files={"services/feed.toml": "# a line\n" + Case("").texts["services/feed.toml"].decode()}
    )
    first, second = sarif(case)["runs"][0]["results"][0], sarif(moved)["runs"][0]["results"][0]
    assert first["partialFingerprints"] == second["partialFingerprints"]
    assert first["locations"] != second["locations"]
