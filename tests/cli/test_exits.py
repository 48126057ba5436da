"""Exit codes: one function decides, and each command has one that feeds it."""

from dataclasses import replace
from itertools import product

import pytest

from qtctl.cli import audit, deploy, parity
from qtctl.cli.exits import MEANING, PRECEDENCE, Exit, decide, of_error
from qtctl.errors import (
    DeployRefused,
    DeployUnverified,
    HostError,
    InputError,
    InputErrors,
    LabError,
    QtctlError,
    Refused,
    Unreachable,
)
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.flows.deploy import DeployOutcome, DeployStatus, LeftBehind, NothingDone
from qtctl.model.plan import Plan
from qtctl.model.registry import DispositionKind
from qtctl.parity.rows import ParityFinding, ParityReport, ParityRow
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

OUTCOME = DeployOutcome(Plan("box", ()), DeployStatus.FAILED)
ERRORS: list[tuple[QtctlError, Exit]] = [
    (InputError("x"), Exit.USAGE),
    (InputErrors((InputError("x"), InputError("y"))), Exit.USAGE),
    (HostError("x"), Exit.INCOMPLETE),
    (Unreachable("x"), Exit.INCOMPLETE),
    (Refused("x"), Exit.INCOMPLETE),
    (LabError("x"), Exit.REFUSED),
    (DeployRefused("x"), Exit.REFUSED),
    (NothingDone(("x",), OUTCOME), Exit.REFUSED),
    (DeployUnverified("x"), Exit.UNVERIFIED),
    (LeftBehind(("x",), OUTCOME), Exit.UNVERIFIED),
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
    assert of_error(error) is code


def test_the_readme_says_the_same() -> None:
    readme = (ROOT / "README.md").read_text()
    documented = {code: meaning for code, meaning in MEANING.items() if code is not Exit.PIPE}
    assert all(f"| {code.value} | {meaning} |" in readme for code, meaning in documented.items())


def check(outcome: Outcome, severity: Severity) -> Finding:
    return Finding(
        id="QT201", outcome=outcome, severity=severity, title="t", host="box", subject="a.service", fingerprint="0"
    )


HOLDS, BROKEN, UNKNOWN = Outcome.HOLDS, Outcome.BROKEN, Outcome.UNKNOWN
INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
AUDITS: list[tuple[str, list[tuple[Outcome, Severity]], Exit]] = [
    ("info", [], Exit.OK),
    ("info", [(HOLDS, ERROR)], Exit.OK),
    ("info", [(BROKEN, INFO)], Exit.FINDINGS),
    ("warning", [(BROKEN, INFO)], Exit.OK),
    ("warning", [(BROKEN, WARNING)], Exit.FINDINGS),
    ("error", [(BROKEN, WARNING)], Exit.OK),
    ("error", [(BROKEN, WARNING), (BROKEN, ERROR)], Exit.FINDINGS),
    ("error", [(UNKNOWN, INFO)], Exit.INCOMPLETE),
    ("error", [(UNKNOWN, ERROR), (BROKEN, WARNING)], Exit.INCOMPLETE),
    ("error", [(UNKNOWN, ERROR), (BROKEN, ERROR)], Exit.FINDINGS),
]


@pytest.mark.parametrize(("gate", "checks", "code"), AUDITS)
def test_of_an_audit(gate: str, checks: list[tuple[Outcome, Severity]], code: Exit) -> None:
    assert audit.exit_of([check(*each) for each in checks], gate) is code


DEPLOYS = [
    (DeployStatus.UNCHANGED, (), Exit.OK),
    (DeployStatus.DEPLOYED, (), Exit.OK),
    (DeployStatus.DECLINED, (), Exit.FINDINGS),
    (DeployStatus.UNCHANGED, (BROKEN,), Exit.FINDINGS),
    (DeployStatus.UNCHANGED, (UNKNOWN,), Exit.INCOMPLETE),
    (DeployStatus.UNCHANGED, (UNKNOWN, BROKEN), Exit.FINDINGS),
]


@pytest.mark.parametrize(("status", "open_", "code"), DEPLOYS)
def test_of_a_deploy(status: DeployStatus, open_: tuple[Outcome, ...], code: Exit) -> None:
    outcome = replace(OUTCOME, status=status, outstanding=tuple(check(each, ERROR) for each in open_))
    assert deploy.exit_of(outcome) is code


ROW = ParityRow("api", 2, DispositionKind.ABSORBED, ("feed",), "w")
GAP = ParityFinding("QT801", "t", "api", "c.yml:2", "compose:api", "e", "o", "r")
PARITIES = [
    (ParityReport("c.yml", "box", "", (), ()), Exit.INCOMPLETE),
    (ParityReport("c.yml", "box", "", (ROW,), ()), Exit.OK),
    (ParityReport("c.yml", "box", "", (replace(ROW, disposition=DispositionKind.MAPPED),), ()), Exit.INCOMPLETE),
    (ParityReport("c.yml", "box", "", (replace(ROW, findings=(GAP,)),), ()), Exit.FINDINGS),
    (ParityReport("c.yml", "box", "", (ROW,), (GAP,)), Exit.FINDINGS),
]


@pytest.mark.parametrize(("report", "code"), PARITIES)
def test_of_a_parity_report(report: ParityReport, code: Exit) -> None:
    assert parity.exit_of(report) is code
