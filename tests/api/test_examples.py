"""The programs in docs/api.md run as they stand there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qtctl.adapters.files import locate_shipped
from tests.cli.world import ROOT
from tests.live.box import Box

PAGE = ROOT / "docs/api.md"
SHOWN = dict(re.findall(r"^`(\w+\.py)`:\n\n```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE))
UNIT = "quantum-ai-engine.service"
TIMER = "quantum-core-health.timer"
EXAMPLES = Path(__file__).parent / "examples"


def run(folder: Path, program: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """In a folder in which only the program is, as its reader has it."""
    (folder / program).write_text(SHOWN[program])
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, program, *argv], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_page_shows_the_programs_whose_types_are_checked() -> None:
    assert {path.name: path.read_text() for path in EXAMPLES.glob("[a-z]*.py")} == SHOWN


def test_findings_by_saved_evidence(tmp_path: Path) -> None:
    saved = locate_shipped("recorded") / "evidence.json"
    done = run(tmp_path, "findings.py", str(locate_shipped("registry")), str(saved))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"\S+ at \S+: as-declared\n[0-9]+ of [0-9]+ checks hold, 0 are broken, 0 unknown", done.stdout.strip()
    )


def test_findings_of_evidence_that_shows_a_fault(tmp_path: Path) -> None:
    evidence = json.loads((locate_shipped("recorded") / "evidence.json").read_text())
    unit = next(each for each in evidence["items"] if (each["fact"], each["subject"]) == ("unit", UNIT))
    unit["value"]["active_state"] = "failed"
    (tmp_path / "evidence.json").write_text(json.dumps(evidence))
    done = run(tmp_path, "findings.py", str(locate_shipped("registry")), "evidence.json")
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(rf"^(error|warning)  QT2[0-9]+  {UNIT}: .+\n    fix: .+", done.stdout, re.MULTILINE)


def test_errors_are_lines_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("")
    done = run(tmp_path, "findings.py", str(tmp_path), "evidence.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["fleet.toml", "hosts.toml"]


@pytest.mark.lab
def test_an_audit_of_a_host_and_its_plan(box: Box, tmp_path: Path) -> None:
    box.sh(f"systemctl stop {TIMER}")
    try:
        done = run(tmp_path, "plans.py", str(box.registry), box.name)
    finally:
        box.sh(f"systemctl start {TIMER}")
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(rf"^{box.name}: not-as-declared, [1-9][0-9]* broken$", done.stdout, re.MULTILINE)
    assert re.search(rf"^  start {TIMER}: .+", done.stdout, re.MULTILINE)
