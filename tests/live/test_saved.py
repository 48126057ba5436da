"""Evidence that was saved is judged again offline, with the same result."""

from pathlib import Path

import pytest

from tests.live.box import Box, qtctl

pytestmark = pytest.mark.lab

FAULT = "systemctl stop quantum-core-health.timer; chmod 644 /etc/quantum/clm.env"
HEAL = "chmod 600 /etc/quantum/clm.env; systemctl start quantum-core-health.timer"


def test_saved_evidence_gives_the_same_bytes(box: Box, tmp_path: Path) -> None:
    assert box.until_healthy().code == 0
    _same_again(box, tmp_path / "healthy.json", code=0)
    try:
        box.sh(FAULT)
        _same_again(box, tmp_path / "faulty.json", code=1)
    finally:
        box.sh(HEAL)
    assert box.until_healthy().code == 0


def test_one_evidence_serves_all_reports(box: Box, tmp_path: Path) -> None:
    """Nothing is unknown in a report or a table that is made of what an audit saved."""
    saved = tmp_path / "evidence.json"
    assert box.audit("--save", str(saved)).code == 0
    for command in (("report", "registry"), ("audit",)):
        for format_ in ("json", "md"):
            ran = qtctl(*command, "--from", str(saved), "--format", format_)
            assert (ran.code, ran.err) == (0, "")


def _same_again(box: Box, saved: Path, *, code: int) -> None:
    live = box.audit("--save", str(saved))
    kept, again = saved.read_bytes(), saved.with_suffix(".again")
    offline = qtctl("audit", "--from", str(saved), "--format", "json")
    twice = qtctl("audit", "--from", str(saved), "--format", "json", "--save", str(again))
    assert offline.out == twice.out == live.out
    assert (live.code, offline.code, twice.code) == (code, code, code)
    assert len(live.json()["findings"]) == 2 * code
    assert again.read_bytes() == kept == saved.read_bytes()
