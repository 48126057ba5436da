"""The recorded host that ships with qtctl: what `qtctl demo` shows where no host can be booted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry, read_templates
from qtctl.collect.document import load
from qtctl.findings.finding import Outcome
from qtctl.flows.audit import judge_placed
from qtctl.flows.declare import declare
from qtctl.flows.questions import find_questions
from tests.docs.pages import ROOT
from tests.docs.record import RECORDED

HINT = "record it again: python -m tests.docs.record"
UNABLE = ("setpriv", "--bounding-set=-sys_admin")
"""As root in a container that may not mount: no host can be booted."""


def test_it_answers_all_that_is_asked_now_and_is_as_declared() -> None:
    declared = declare(read_registry(ROOT / "registry"), read_templates(None), "", None)
    evidence = load(RECORDED.read_text(), str(RECORDED))
    assert set(find_questions(declared.desired).needs) <= {item.need for item in evidence.items}, HINT
    assert {check.outcome for check in judge_placed(declared, evidence)} == {Outcome.HOLDS}, HINT


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop CAP_SYS_ADMIN")
@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 3)])
def test_the_demo_shows_it_where_no_host_can_be_booted(tmp_path: Path, ci: str, code: int) -> None:
    done = subprocess.run(
        [*UNABLE, sys.executable, "-m", "qtctl", "demo"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "No host can be booted here" in done.stdout
    assert "a recorded host that ships with qtctl" in done.stdout
    assert ("CI=true" in done.stdout) == bool(ci)
    assert len(list((tmp_path / "qtctl-demo").iterdir())) == 5
