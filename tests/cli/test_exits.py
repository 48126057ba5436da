"""Exit codes: one function decides, and each command has one that feeds it."""

from dataclasses import replace
from itertools import product

import pytest

from qtctl.cli.exits import (
    CONCLUSIONS,
    MEANING,
    PRECEDENCE,
    Exit,
    choose_deploy_exit,
    choose_error_exit,
    choose_exit,
    decide,
)
from qtctl.errors import (
    DeployRefused,
    HostError,
    InputError,
    InputErrors,
    LabError,
    QtctlError,
    Refused,
    Unreachable,
)
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.model.plan import Plan
from qtctl.model.registry import DispositionKind
from qtctl.parity.rows import ParityReport, ParityRow, Stray
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from qtctl.reports.parity import build_report
from tests.cli.world import ROOT

TOGETHER = [
    ((), Exit.OK),
    ((Exit.OK,), Exit.OK),
    ((Exit.OK, Exit.INCOMPLETE), Exit.INCOMPLETE),
    ((Exit.INCOMPLETE, Exit.FINDINGS), Exit.FINDINGS),
    ((Exit.FINDINGS, Exit.USAGE), Exit.USAGE),
    ((Exit.USAGE, Exit.REFUSED), Exit.REFUSED),
    ((Exit.REFUSED, Exit.UNVERIFIED), Exit.UNVERIFIED),
    ((Exit.OK, Exit.FINDINGS, Exit.USAGE, Exit.INCOMPLETE, Exit.REFUSED, Exit.UNVERIFIED), Exit.UNVERIFIED),
]

OUTCOME = DeployOutcome(plan=Plan("box", ()), status=DeployStatus.FAILED)
ERRORS: list[tuple[QtctlError, Exit]] = [
    (InputError("x"), Exit.USAGE),
    (InputErrors((InputError("x"), InputError("y"))), Exit.USAGE),
    (HostError("x"), Exit.INCOMPLETE),
    (Unreachable("x"), Exit.INCOMPLETE),
    (Refused("x"), Exit.INCOMPLETE),
    (LabError("x"), Exit.REFUSED),
    (DeployRefused("x"), Exit.REFUSED),
    (QtctlError("x"), Exit.INTERNAL),
]


@pytest.mark.parametrize(("happened", "code"), TOGETHER)
def test_the_first_of_the_precedence_wins(happened: tuple[Exit, ...], code: Exit) -> None:
    assert decide(happened) is decide(reversed(happened)) is code


def test_of_any_two_the_earlier_wins() -> None:
    for first, second in product(PRECEDENCE, repeat=2):
        assert decide([first, second]) is min(first, second, key=PRECEDENCE.index)


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda value: type(value).__name__)
def test_of_error(error: QtctlError, code: Exit) -> None:
    assert choose_error_exit(error) is code


def test_the_page_of_first_commands_says_the_same() -> None:
    page = (ROOT / "docs/use.md").read_text()
    documented = {code: meaning for code, meaning in MEANING.items() if code is not Exit.PIPE}
    assert all(f"| {code.value} | {meaning} |" in page for code, meaning in documented.items())


def check(outcome: Outcome, severity: Severity) -> Finding:
    return Finding(
        id="QT201", outcome=outcome, severity=severity, title="t", host="box", subject="a.service", fingerprint="0"
    )


HOLDS, BROKEN, UNKNOWN = Outcome.HOLDS, Outcome.BROKEN, Outcome.UNKNOWN
ERROR = Severity.ERROR


@pytest.mark.parametrize(
    ("conclusion", "code"),
    [
        (Conclusion.AS_DECLARED, Exit.OK),
        (Conclusion.INCOMPLETE, Exit.INCOMPLETE),
        (Conclusion.NOT_AS_DECLARED, Exit.FINDINGS),
    ],
)
def test_of_conclusion(conclusion: Conclusion, code: Exit) -> None:
    assert choose_exit(conclusion) is code
    assert {each.value for each in Conclusion} == set(CONCLUSIONS)


DEPLOYS = [
    (DeployStatus.UNCHANGED, (), Exit.OK),
    (DeployStatus.DEPLOYED, (), Exit.OK),
    (DeployStatus.DECLINED, (), Exit.FINDINGS),
    (DeployStatus.UNCHANGED, (BROKEN,), Exit.FINDINGS),
    (DeployStatus.UNCHANGED, (UNKNOWN,), Exit.INCOMPLETE),
    (DeployStatus.UNCHANGED, (UNKNOWN, BROKEN), Exit.FINDINGS),
    (DeployStatus.REFUSED, (), Exit.REFUSED),
    (DeployStatus.REFUSED, (UNKNOWN,), Exit.REFUSED),
    (DeployStatus.INTERRUPTED, (), Exit.INTERRUPTED),
    (DeployStatus.RESTORED, (), Exit.REFUSED),
    (DeployStatus.RESTORED, (BROKEN, UNKNOWN), Exit.REFUSED),
    (DeployStatus.FAILED, (), Exit.UNVERIFIED),
    (DeployStatus.FAILED, (BROKEN, UNKNOWN), Exit.UNVERIFIED),
]


@pytest.mark.parametrize(("status", "open_", "code"), DEPLOYS)
def test_of_a_deploy(status: DeployStatus, open_: tuple[Outcome, ...], code: Exit) -> None:
    outcome = replace(OUTCOME, status=status, outstanding=tuple(check(each, ERROR) for each in open_))
    assert choose_deploy_exit(outcome) is code


def test_every_end_of_a_deploy_has_an_exit_code() -> None:
    assert {status for status, _, _ in DEPLOYS} == set(DeployStatus)


def test_a_deploy_waits_for_a_warning_too() -> None:
    outcome = replace(OUTCOME, status=DeployStatus.UNCHANGED, outstanding=(check(BROKEN, Severity.INFO),))
    assert choose_deploy_exit(outcome) is Exit.FINDINGS


ROW = ParityRow("api", 2, DispositionKind.ABSORBED, ("feed",), "w")
GAP = check(BROKEN, ERROR)
PARITIES = [
    (ParityReport("c.yml", "box", "", (), ()), Exit.INCOMPLETE),
    (ParityReport("c.yml", "box", "", (ROW,), ()), Exit.OK),
    (ParityReport("c.yml", "box", "", (replace(ROW, disposition=DispositionKind.MAPPED),), ()), Exit.INCOMPLETE),
    (ParityReport("c.yml", "box", "", (replace(ROW, findings=(GAP,)),), ()), Exit.FINDINGS),
    (ParityReport("c.yml", "box", "", (ROW,), (Stray("api", GAP),)), Exit.FINDINGS),
    (ParityReport("c.yml", "box", "", (ROW,), (Stray("api", check(BROKEN, Severity.INFO)),)), Exit.OK),
]


@pytest.mark.parametrize(("report", "code"), PARITIES)
def test_of_a_parity_report(report: ParityReport, code: Exit) -> None:
    assert choose_exit(build_report((report,)).conclusion) is code


def test_of_several_parity_reports() -> None:
    reports = [report for report, _ in PARITIES]
    for some in product(reports, repeat=2):
        codes = [choose_exit(build_report((each,)).conclusion) for each in some]
        assert choose_exit(build_report(some).conclusion) is decide(codes)
