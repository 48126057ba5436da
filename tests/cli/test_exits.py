"""Exit codes: one function decides, and each command has one that feeds it."""

import ast
import errno
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from qtctl.cli.exits import (
    CONCLUSIONS,
    MEANING,
    PRECEDENCE,
    Exit,
    choose_deploy_exit,
    choose_error_exit,
    choose_exit,
    choose_rollout_exit,
    choose_unexpected_exit,
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
    UnusableGeneration,
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
    (UnusableGeneration("x"), Exit.USAGE),
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


UNEXPECTED: list[tuple[Exception, bool, Exit]] = [
    (BrokenPipeError(errno.EPIPE, "x"), True, Exit.PIPE),
    (BrokenPipeError(errno.EPIPE, "x"), False, Exit.INTERNAL),
    (OSError(errno.ENOSPC, "x"), False, Exit.USAGE),
    (OSError(errno.ENOSPC, "x", "/a"), False, Exit.INTERNAL),
    (ValueError("x"), True, Exit.INTERNAL),
]


@pytest.mark.parametrize(("error", "gone", "code"), UNEXPECTED, ids=repr)
def test_of_an_unexpected_error(error: Exception, gone: bool, code: Exit) -> None:
    assert choose_unexpected_exit(error, reader_gone=gone) is code


def test_an_interrupted_rollout_is_never_a_success() -> None:
    assert choose_rollout_exit([Exit.OK], interrupted=False) is Exit.OK
    assert choose_rollout_exit([Exit.OK], interrupted=True) is Exit.INTERRUPTED
    assert choose_rollout_exit([Exit.UNVERIFIED], interrupted=True) is Exit.UNVERIFIED


CLI = Path(ROOT, "qtctl/cli")
CHOOSES = ("exits.py",)
ENDS = ("main.py", "interrupt.py")
"""They end the process: after wrong usage, an interrupt or a command that returned, nothing is left to be decided."""


EXITS = ("typer.Exit", "sys.exit", "os._exit")


def _is_literal(*args: ast.expr) -> bool:
    branches = [branch for each in args if isinstance(each, ast.IfExp) for branch in (each.body, each.orelse)]
    return any(isinstance(each, ast.Constant) for each in (*args, *branches))


def list_choices(path: Path) -> Iterator[str]:
    """Where a module names an exit code other than to compare one, or ends with a literal one."""
    tree = ast.parse(path.read_text())
    compared = {each for node in ast.walk(tree) if isinstance(node, ast.Compare) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Exit":
            if node not in compared:
                yield f"{path.relative_to(CLI)}:{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in EXITS and _is_literal(*node.args):
            yield f"{path.relative_to(CLI)}:{node.lineno}: {ast.unparse(node)}"


def test_exit_codes_are_chosen_in_one_module() -> None:
    modules = [path for path in CLI.rglob("*.py") if path.name not in (*CHOOSES, *ENDS)]
    assert [found for path in modules for found in list_choices(path)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("raise typer.Exit(Exit.OK if good else Exit.FINDINGS)", 2),
        ("raise typer.Exit(0 if good else 1)", 1),
        ("return Exit.INCOMPLETE", 1),
        ("raise typer.Exit(1)", 1),
        ("raise typer.Exit(choose_exit(report.conclusion))", 0),
        ("if code is Exit.OK: pass", 0),
    ],
)
def test_a_choice_elsewhere_is_seen(source: str, found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.cli.test_exits.CLI", tmp_path)
    (tmp_path / "a.py").write_text(source)
    assert len(list(list_choices(tmp_path / "a.py"))) == found


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
