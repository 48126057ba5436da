"""policy.toml holds for lint, audit, verify and parity alike: what it makes harmless fails nowhere."""

from dataclasses import replace

import pytest

from qtctl.audit.judge import judge
from qtctl.dialects.compose.load import load as load_compose
from qtctl.dialects.systemd.analyze import OpenItem
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.policy import Policy
from qtctl.findings.verdict import Conclusion
from qtctl.flows.audit import conclude_audit
from qtctl.flows.lint import lint
from qtctl.model.origin import Origin
from qtctl.model.waiver import Waived
from qtctl.parity.compare import compare
from qtctl.reports.parity import build_report as build_parity
from qtctl.reports.verify import build_report as build_verify
from qtctl.stage.verified import AnalyzeAnswer, Exposure, Verified
from tests.builders.audited import ENGINE, evidence
from tests.builders.audited import desired as audited
from tests.builders.compared import desired as compared
from tests.lint.cases import CASES

AS_DECLARED, NOT = Conclusion.AS_DECLARED, Conclusion.NOT_AS_DECLARED


def lint_says(severity: str) -> tuple[Conclusion, Severity]:
    case = next(case for case in CASES if case.name == "no cap")
    linted = lint({**case.texts, "policy.toml": f'severities = {{ QT114 = "{severity}" }}\n'.encode()}, case.templates)
    return linted.conclusion, linted.findings[0].severity


def audit_says(severity: str) -> tuple[Conclusion, Severity]:
    desired = replace(audited(), severities=(("QT201", severity), ("QT210", severity)))
    unit = next(file for file in desired.files if file.kind == "unit")
    checks = judge(desired, evidence(audited(), absent=[f"file {unit.path}"]))
    broken = [check for check in checks if check.outcome is Outcome.BROKEN]
    return conclude_audit(desired, checks), broken[0].severity


def parity_says(severity: str) -> tuple[Conclusion, Severity]:
    desired = replace(compared(), severities=(("QT801", severity),))
    report = build_parity((compare(load_compose("services: {a: {image: x}}", "f.yml"), None, desired, None),))
    return report.conclusion, report.files[0].services[0].findings[0].severity


def verify_says(severity: str) -> tuple[Conclusion, Severity]:
    holds = AnalyzeAnswer(Outcome.HOLDS)
    found = Verified(
        fleet="f",
        host="box",
        host_systemd=255,
        systemd=255,
        threshold=1,
        units=("a.service",),
        verify=holds,
        messages=(),
        calendar=holds,
        calendars=(),
        security=AnalyzeAnswer(Outcome.BROKEN),
        exposures=(Exposure("a.service", 5.0, "MEDIUM", Outcome.BROKEN, (OpenItem("a", "b", 1.0),), None),),
        policy=Policy.of("warning", {"QT119": severity}),
    )
    report = build_verify(found)
    return report.conclusion, report.findings[0].severity


@pytest.mark.parametrize("says", [lint_says, audit_says, parity_says, verify_says])
def test_a_severity_of_the_policy_decides_what_fails(says: object) -> None:
    assert callable(says)
    assert says("info") == (AS_DECLARED, Severity.INFO)
    assert says("warning") == (NOT, Severity.WARNING)
    assert says("error") == (NOT, Severity.ERROR)


def test_an_unnamed_id_keeps_its_own_severity() -> None:
    finding = Finding(
        id="QT201", outcome=Outcome.BROKEN, severity=Severity.ERROR, title="", subject="a", fingerprint="0"
    )
    assert Policy.of("warning", {"QT202": "info"}).rule(finding) is finding


def waived(until: str) -> Finding:
    """The finding of QT219 of a fleet that lives with it until a day; its evidence is of 2026-01-17."""
    waiver = Waived("QT219", "quantum-*", "the model is retrained", "Ann", until, Origin("policy.toml"))
    desired = replace(audited(), waivers=(waiver,))
    checks = judge(desired, evidence(audited(), {f"unit {ENGINE}": {"active_state": "inactive", "sub_state": "dead"}}))
    return next(check for check in checks if check.id == "QT219" and check.outcome is Outcome.BROKEN)


def test_a_waiver_counts_until_the_end_of_its_last_day() -> None:
    text = "the model is retrained (Ann, until 2026-01-17)"
    assert (waived("2026-01-17").waiver, waived("2026-01-17").expired_waiver) == (text, None)


def test_an_expired_waiver_counts_again_and_says_so() -> None:
    found = waived("2026-01-16")
    assert (found.waiver, found.expired_waiver) == (None, "the model is retrained (Ann, until 2026-01-16)")


def test_what_holds_needs_no_waiver() -> None:
    waiver = Waived("QT219", "*", "because", "Ann", "2999-01-01", Origin("policy.toml"))
    checks = judge(replace(audited(), waivers=(waiver,)), evidence(audited()))
    assert {check.waiver for check in checks} == {None}
