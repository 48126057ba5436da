from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.formats.markdown import write_markdown
from qtctl.reports.audit import AuditReport, build_report, to_json
from qtctl.reports.audit_page import build_page
from qtctl.reports.blocks import Table, Toned
from qtctl.reports.check import Check
from qtctl.reports.fleet import build_report as build_fleet_report
from qtctl.reports.fleet_page import build_page as build_fleet_page
from qtctl.reports.fleet_screen import build_screen as build_fleet_screen
from qtctl.reports.order import nest_by_cause
from tests.builders.reported import desired, evidence

from .checks import CHECKS, check
from .golden import assert_golden

some_checks = st.lists(
    st.builds(
        check,
        st.sampled_from(["QT201", "QT301", "QT505"]),
        st.sampled_from([outcome.value for outcome in Outcome]),
        st.sampled_from(["a", "b", "c|d", "e\nf"]),
        severity=st.sampled_from([severity.value for severity in Severity]),
        because=st.sampled_from([None, "QT201 a", "QT301 b", "QT505 e\nf"]),
        waiver=st.sampled_from([None, "w"]),
        reason=st.sampled_from([None, "r"]),
    ),
    max_size=12,
)


def test_the_whole_report() -> None:
    report = build_report(desired(), evidence(), CHECKS, every=True)
    assert report.verdict is Conclusion.NOT_AS_DECLARED
    assert_golden("audit.json", to_json(report))
    assert_golden("audit.md", write_markdown(build_page(report)))


def test_nothing_known_is_not_a_pass() -> None:
    report = build_report(desired(), evidence(()), [replace(each, outcome=Outcome.UNKNOWN) for each in CHECKS])
    assert (report.verdict, report.totals.unknown) == (Conclusion.INCOMPLETE, len(CHECKS))
    assert build_report(desired(), evidence(()), ()).verdict is Conclusion.INCOMPLETE
    assert_golden("audit_unknown.md", write_markdown(build_page(report)))


@pytest.mark.parametrize(
    ("severity", "waiver", "verdict"),
    [("error", None, "not-as-declared"), ("info", None, "as-declared"), ("error", "known", "as-declared")],
)
def test_the_gate_decides_which_findings_fail(severity: str, waiver: str | None, verdict: str) -> None:
    found = check("QT201", "broken", "unit:x", severity=severity, waiver=waiver)
    report = build_report(desired(), evidence(), [found, check("QT201", "holds", "unit:y")])
    assert (report.verdict.value, report.totals.broken, report.fail_on) == (verdict, 1, Severity.WARNING)


@pytest.mark.parametrize(
    ("severity", "waiver", "head", "word"),
    [
        ("error", None, "Not as declared.", "not as declared"),
        ("info", None, "Only findings below the gate.", "below the gate"),
        ("info", "known", "As declared.", "as declared"),
        ("error", "known", "As declared.", "as declared"),
    ],
)
def test_as_declared_stands_beside_no_finding(severity: str, waiver: str | None, head: str, word: str) -> None:
    found = check("QT201", "broken", "unit:x", severity=severity, waiver=waiver)
    report = build_report(desired(), evidence(), [found, check("QT201", "holds", "unit:y")])
    fleet = build_fleet_report([report])
    table = next(iter(build_fleet_screen(fleet)))
    assert isinstance(table, Table)
    (row,) = table.rows
    assert write_markdown(build_page(report)).splitlines()[2].startswith(f"**{head}** 1 finding")
    assert write_markdown(build_fleet_page(fleet)).splitlines()[2].startswith(f"**{head}** ")
    assert isinstance(row[1], Toned)
    assert row[1].text == word


@given(some_checks)
def test_totals_are_the_rows_and_every_split_has_all_of_them(checks: list[Finding]) -> None:
    report = build_report(desired(), evidence(), checks)
    totals = report.totals
    assert totals.total == len(checks) == totals.holds + totals.broken + totals.unknown + totals.not_asked
    assert (len(report.findings), len(report.unknowns)) == (totals.broken, totals.unknown)
    for split in (totals.by_severity, totals.by_rule):
        assert sum(sum(counts.row) for counts in split.values()) == totals.total
    assert AuditReport.model_validate_json(to_json(report)) == report
    assert to_json(build_report(desired(), evidence(), list(reversed(checks)))).count("\n") == to_json(report).count(
        "\n"
    )


@given(some_checks)
def test_every_finding_stands_once_beneath_its_cause(checks: list[Finding]) -> None:
    shown = [Check.of(each) for each in checks]
    order = nest_by_cause(shown)
    assert sorted(id(each) for _, each in order) == sorted(id(each) for each in shown)
    for (depth, _), (below, _) in pairwise(order):
        assert below <= depth + 1
    rows = [
        line
        for line in write_markdown(build_page(build_report(desired(), evidence(), checks))).splitlines()
        if line.startswith("|")
    ]
    assert all(len(line.replace("\\|", "").split("|")) in (7, 10) or line.count("|") == 3 for line in rows)


@pytest.mark.parametrize(
    "changes",
    [
        {"findings": ()},
        {"unknowns": ()},
        {"unknowns": CHECKS},
        {"verdict": "as-declared"},
        {"checks": CHECKS[:3]},
    ],
)
def test_a_report_that_does_not_add_up_cannot_be_made(changes: dict[str, object]) -> None:
    report = build_report(desired(), evidence(), CHECKS)
    fields = {name: getattr(report, name) for name in AuditReport.model_fields}
    AuditReport.model_validate(fields)
    with pytest.raises(ValidationError):
        AuditReport.model_validate(fields | changes)


@pytest.mark.parametrize(
    "changes",
    [{"holds": 4}, {"total": 14}, {"waived": 9}, {"by_rule": {}}, {"by_severity": {"error": [1, 2, 3]}}],
)
def test_totals_that_do_not_add_up_cannot_be_made(changes: dict[str, object]) -> None:
    report = build_report(desired(), evidence(), CHECKS)
    dumped = report.totals.model_dump()
    type(report.totals).model_validate(dumped)
    with pytest.raises(ValidationError):
        type(report.totals).model_validate(dumped | changes)
