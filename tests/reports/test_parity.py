import pytest
from pydantic import ValidationError

from qtctl.dialects.compose.load import load
from qtctl.formats.markdown import write_markdown
from qtctl.model.evidence import Evidence
from qtctl.model.facts import Facts
from qtctl.model.registry import Legacy
from qtctl.parity.compare import compare
from qtctl.parity.rows import ParityReport
from qtctl.reports.parity import ParityDocument, build_report, to_json
from qtctl.reports.parity_page import build_page
from tests.builders.reported import desired, evidence

from .golden import assert_golden

COMPOSE = """\
services:
  api: {ports: ["8000:80"], image: x}
  moved: {ports: ["9000:80", "9001:80"], image: x}
  feed: {ports: ["${PORT}:80"], image: x}
  dark: {image: x}
  broken: {image: x}
  missing: {image: x}
  taken: {ports: ["8001:80"], image: x}
  gone: {ports: ["5173:5173"], image: x}
  nobody: {image: x}
"""
LEGACY = Legacy.model_validate({
    "compose": "old.yml",
    "services": {
        "api": {"is": "mapped", "to": ["api"], "why": "same"},
        "moved": {"is": "migrated", "to": ["api"], "why": "moved", "ports": {"9000": "8000", "9001": "gone: a | b"}},
        "feed": {"is": "mapped", "to": ["feed"], "why": "same"},
        "dark": {"is": "mapped", "to": ["dark"], "why": "same"},
        "broken": {"is": "mapped", "to": ["broken"], "why": "same"},
        "missing": {"is": "mapped", "to": ["missing", "nowhere"], "why": "same"},
        "taken": {"is": "mapped", "to": ["api"], "why": "same"},
        "gone": {"is": "deprecated", "why": "a *development* server"},
        "stray": {"is": "deprecated", "why": "never was"},
    },
})  # fmt: skip
EMPTY = "services: {api: {image: x}}"


def reports(taken: Evidence | None) -> tuple[ParityReport, ...]:
    facts = Facts.of(taken) if taken else None
    second = Legacy.model_validate(
        {"compose": "b.yml", "services": {"api": {"is": "mapped", "to": ["api"], "why": "w"}}}
    )
    return (
        compare(load(COMPOSE, "old.yml"), LEGACY, desired(), facts),
        compare(load(EMPTY, "b.yml"), second, desired(), facts),
    )


def test_the_whole_report() -> None:
    both = reports(evidence())
    assert [report.verdict.value for report in both] == ["gap", "parity"]
    assert_golden("parity.json", to_json(both))
    assert_golden("parity.md", write_markdown(build_page(build_report(both))))


def test_without_evidence_nothing_is_at_parity() -> None:
    both = reports(None)
    assert [report.verdict.value for report in both] == ["gap", "unknown"]
    assert build_report(both[1:]).verdict.value == "unknown"
    assert_golden("parity_unknown.md", write_markdown(build_page(build_report(both))))


def test_totals_of_files_add_up_to_those_of_the_document() -> None:
    document = build_report(reports(evidence()))
    assert document.totals.services == sum(len(file.services) for file in document.files) == 10
    assert document.totals.findings == sum(file.totals.findings for file in document.files)
    assert ParityDocument.model_validate_json(to_json(reports(evidence()))) == document


@pytest.mark.parametrize("where", ["totals", "files"])
def test_a_document_that_does_not_add_up_cannot_be_made(where: str) -> None:
    dumped = build_report(reports(evidence())).model_dump()
    ParityDocument.model_validate(dumped)
    if where == "totals":
        dumped["totals"]["services"] += 1
    else:
        dumped["files"][0]["services"] = dumped["files"][0]["services"][1:]
    with pytest.raises(ValidationError):
        ParityDocument.model_validate(dumped)


def test_of_no_file_nothing_is_known() -> None:
    assert build_report(()).verdict.value == "unknown"
