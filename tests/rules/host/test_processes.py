"""A script in a command line is among what a process was started from."""

from dataclasses import replace

import pytest

from qtctl.audit.judge import judge
from qtctl.findings.finding import Outcome
from tests.builders.audited import ENGINE, desired, evidence

SCRIPT = "/home/qt/main.py"
LATER_US = 1_768_631_100_000_000


@pytest.mark.parametrize(("field", "outcome"), [("mtime", Outcome.BROKEN), ("ctime", Outcome.HOLDS)])
def test_a_script_written_since_the_start(field: str, outcome: Outcome) -> None:
    """Not one that was only given another mode."""
    plain = desired()
    services = tuple(replace(each, entry_point=SCRIPT) if each.unit == ENGINE else each for each in plain.services)
    want = replace(plain, services=services)
    checks = judge(want, evidence(want, changed={f"way {SCRIPT}": {field: LATER_US}}))
    (check,) = (each for each in checks if each.id == "QT213" and each.subject == ENGINE)
    assert check.outcome is outcome
    assert outcome is Outcome.HOLDS or check.proof[0].again == f"stat -c '%Y %n' {SCRIPT}"
