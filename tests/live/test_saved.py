"""Evidence that was saved is judged again offline, with the same result."""

import json
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
    for name in ("overview", "catalogue", "flow"):
        ran = qtctl("report", name, "--from", str(saved), "--format", "md")
        assert (ran.code, ran.err) == (0, "")
        assert "not in the evidence" not in ran.out


def test_what_an_overview_counts_is_what_the_host_itself_says(box: Box, tmp_path: Path) -> None:
    """Asked live; then one of the questions that `why` names is asked again on the host."""
    path = tmp_path / "overview.json"
    assert qtctl("report", "overview", "--host", box.name, "--format", "json", "--out", str(path)).code == 0
    report = json.loads(path.read_text())
    listed = box.sh("systemctl list-units 'quantum*.service' 'rl-shadow-*.service' --state=active --plain --no-legend")
    # A timer starts its job at any moment, so whether that runs may have changed between the two questions.
    of_timers = set(box.sh("systemctl show --property=Unit --value '*.timer'").split())
    active = {line.split()[0] for line in listed.splitlines()} - of_timers
    running = {each["unit"] for each in report["services"] if each["category"] == "RUNNING"}
    assert running - of_timers == active
    assert report["summary"]["running"] == len(running) > 30
    memory = int(box.sh("awk '/^MemTotal/ {print $2}' /proc/meminfo")) * 1024
    assert report["infrastructure"]["host"]["value"]["memory_total"] == memory
    rows = {each["unit"]: each for each in report["services"]}
    limited = next(unit for unit, each in rows.items() if each["memory_max_bytes"] and unit in active)
    # In a lab host without the memory controller, systemd counts nothing.
    counted = box.sh(f"systemctl show -p MemoryCurrent --value {limited}").strip().isdecimal()
    assert (rows[limited]["memory_bytes"] is not None) == counted
    assert int(box.sh(f"systemctl show -p MemoryMax --value {limited}")) == rows[limited]["memory_max_bytes"]
    why = qtctl("why", f"{path}#/summary/running", "--format", "json").json()
    assert {each["label"] for each in why["items"]} == running
    asked = why["items"][0]["asked"][0]
    assert sorted(box.sh(asked["again"]).split()) == sorted(asked["line"].split())


def _same_again(box: Box, saved: Path, *, code: int) -> None:
    live = box.audit("--save", str(saved))
    kept, again = saved.read_bytes(), saved.with_suffix(".again")
    offline = qtctl("audit", "--from", str(saved), "--format", "json")
    twice = qtctl("audit", "--from", str(saved), "--format", "json", "--save", str(again))
    assert offline.out == twice.out == live.out
    assert (live.code, offline.code, twice.code) == (code, code, code)
    assert len(live.json()["findings"]) == 2 * code
    assert again.read_bytes() == kept == saved.read_bytes()
