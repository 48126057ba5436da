"""What is named as the cause of a failed start is what the evidence speaks for."""

from typing import Any

import pytest

from qtctl.audit.judge import judge
from qtctl.findings.finding import Finding, Outcome
from tests.builders.audited import ENGINE, VENV, desired, evidence

NO_VENV = [f"venv {VENV}"]
FILE = f"file /etc/systemd/system/{ENGINE}"
FAILED = {"active_state": "failed", "sub_state": "failed", "result": "exit-code", "exec_main_code": 1}


def cause_of(id_: str, changed: dict[str, Any], absent: list[str]) -> str | None:
    """The id of the finding that is named as the cause of the engine's."""
    found: dict[str, Finding] = {
        check.fingerprint: check for check in judge(desired(), evidence(desired(), changed, absent))
    }
    (check,) = [each for each in found.values() if (each.id, each.subject) == (id_, ENGINE)]
    assert check.outcome is Outcome.BROKEN
    return found[check.cause].id if check.cause else None


@pytest.mark.parametrize(
    ("status", "cause"),
    [(203, "QT401"), (127, "QT401"), (1, None), (78, None), (226, None), (217, None), (200, None)],
)
def test_a_missing_venv_is_no_cause_of_a_program_that_ran(status: int, cause: str | None) -> None:
    assert cause_of("QT204", {f"unit {ENGINE}": {**FAILED, "exec_main_status": status}}, NO_VENV) == cause


def test_a_unit_file_of_somebody_else_may_need_no_declared_venv() -> None:
    foreign = {FILE: {"ours": False, "sha256": "0" * 64}}
    changed = {f"unit {ENGINE}": {**FAILED, "exec_main_status": 203}}
    assert cause_of("QT204", changed, NO_VENV) == "QT401"
    assert cause_of("QT204", {**changed, **foreign}, NO_VENV) is None


def test_of_a_unit_that_left_no_status_every_declared_cause_is_named() -> None:
    looping = {"active_state": "activating", "sub_state": "auto-restart", "result": "success", "exec_main_code": 0}
    assert cause_of("QT205", {f"unit {ENGINE}": looping}, NO_VENV) == "QT401"
