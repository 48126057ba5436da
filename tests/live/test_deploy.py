"""qtctl deploy as an operator runs it: what it says, how it exits, and what it leaves alone."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qtctl.flows.deploy import AGAIN
from qtctl.reports.schemas import make_schemas
from tests.live.box import ROOT, Box, Ran, qtctl
from tests.live.registries import changed
from tests.live.starts import DEPENDENTS, DEPENDENTS_COME, DEPENDENTS_GO, FOUR, change_four, list_starts

pytestmark = pytest.mark.lab

UNIT = "quantum-clm.service"
PATH = f"/etc/systemd/system/{UNIT}"
ENV = "/etc/quantum/clm.env"
TARGET = "/etc/systemd/system/quantum-ai.target.wants"
BY_HAND = "[Service]\\nExecStart=/usr/bin/python3 -c 'import time; time.sleep(9999)'\\n"
EVERY_FILE = (
    "find /etc /opt /home /usr/local /var/lib/qtctl -xdev -type f -printf '%p %s %T@ %m %u\\n' 2> /dev/null | sort"
)
FLEET_FILES = (
    "find /etc/systemd/system /etc/quantum -name 'q*' -type f ! -name 'qtctl-*' -printf '%p %s %T@ %m %u\\n' | sort"
)
STARTS = "systemctl show -p Id,ActiveState,InvocationID,NRestarts,UnitFileState 'quantum*' 'rl-*'"
ROGUE = "/etc/systemd/system/quantum-rogue.service"
ROGUE_COMES = rf"""
printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target quantum-ai.target\n' > {ROGUE}
systemctl daemon-reload
systemctl enable -q --now quantum-rogue.service
"""
ROGUE_GONE = f"systemctl disable -q --now quantum-rogue.service; rm {ROGUE}; systemctl daemon-reload"


def deploy(box: Box, *argv: str) -> Ran:
    return qtctl("deploy", "--host", box.name, *argv)


@pytest.fixture
def slower(tmp_path: Path) -> Path:
    """A registry that declares another value for one variable of one service."""
    return changed(tmp_path / "registry", "services/clm.toml", 'UPDATE_INTERVAL_S = "300"', 'UPDATE_INTERVAL_S = "600"')


@pytest.fixture
def fails(tmp_path: Path) -> Path:
    """A registry in which the program of one service fails at once."""
    run = 'kind = "script"\nscript = "microservices/clm/main.py"\nvenv = "ai-engine"'
    return changed(tmp_path / "registry", "services/clm.toml", run, 'kind = "command"\nargv = ["/usr/bin/false"]')


@pytest.fixture
def five(slower: Path) -> Path:
    """A registry that declares another value, or one more, for a variable of five services."""
    change_four(slower)
    return slower


@pytest.fixture
def rogue(box: Box) -> str:
    """An undeclared unit, enabled and running; the script that shows all of it."""
    box.sh(ROGUE_COMES)
    shown = "ActiveState,UnitFileState,InvocationID,MainPID"
    return f"systemctl show -p {shown} quantum-rogue.service; cat {ROGUE}; ls -l {TARGET}/quantum-rogue.service"


def test_a_second_run_changes_nothing(box: Box) -> None:
    assert deploy(box).code == 0
    before = _state(box)
    ran = deploy(box)
    assert (ran.code, ran.out) == (0, f"{box.name} is as declared: nothing to change\n")
    assert _state(box) == before


def test_without_a_terminal_and_without_yes_nothing_changes(box: Box, slower: Path) -> None:
    before = _state(box)
    ran = deploy(box, "--registry", str(slower))
    assert ran.code == 2
    assert ENV in ran.out
    assert UNIT in ran.out
    assert "--yes" in ran.err.splitlines()[-1]
    assert _state(box) == before


def test_who_says_no_on_a_terminal_changes_nothing(box: Box, slower: Path) -> None:
    before = _state(box)
    ran = _answered("n", "deploy", "--host", box.name, "--registry", str(slower))
    assert (ran.code, ran.out.endswith("nothing was changed\n")) == (1, True)
    assert UNIT in ran.out
    assert _state(box) == before


def test_only_what_changed_and_its_dependents_are_restarted(box: Box, five: Path, rogue: str) -> None:
    """What it replaces is kept; a unit of the fleet's names that nobody declared stays enabled, and runs on."""
    try:
        box.sh(DEPENDENTS_COME)
        undeclared = box.sh(rogue)
        assert {"ActiveState=active", "UnitFileState=enabled"} <= set(undeclared.splitlines())
        before = list_starts(box)
        assert sum(unit.endswith(".service") for unit in before) >= 40
        ran = deploy(box, "--registry", str(five), "--yes", "--format", "json")
        document = _document(ran)
        assert (ran.code, document["status"], document["address"]) == (0, "deployed", box.name), ran.err
        assert "waiting" in ran.err
        after = list_starts(box)
        assert {unit for unit in before if before[unit] != after.get(unit)} == {UNIT, *FOUR} | DEPENDENTS
        assert box.sh(rogue) == undeclared
        assert "CLM_UPDATE_INTERVAL_S=600" in box.sh(f"cat {ENV}")
        assert "CLM_UPDATE_INTERVAL_S=600" in box.sh(_environment())
        steps = {step["subject"]: step for step in document["steps"]}
        assert "CLM_UPDATE_INTERVAL_S=300" in box.sh(f"cat {steps[ENV]['kept']}")
        assert {step["status"] for step in steps.values()} == {"done"}
        assert steps[UNIT]["took_s"] > 0
        assert "CLM_UPDATE_INTERVAL_S" not in ran.out
    finally:
        box.sh(f"{ROGUE_GONE}; {DEPENDENTS_GO}")
        _heal(box)


def test_a_file_by_hand_is_refused_and_kept_when_taken_over(box: Box) -> None:
    try:
        box.sh(f'printf "{BY_HAND}" > {PATH}')
        before = _state(box)
        refused = deploy(box, "--yes")
        assert refused.code == 4
        assert PATH in refused.err
        assert "--take-over" in refused.err
        told = deploy(box, "--yes", "--format", "json")
        document = _document(told)
        assert (told.code, document["status"], document["reason"]["kind"]) == (4, "refused", "in-the-way")
        assert [each["subject"] for each in document["refusals"]] == [PATH]
        assert PATH in told.err
        assert _state(box) == before
        taken = deploy(box, "--yes", "--take-over")
        assert (taken.code, taken.out.splitlines()[-1]) == (0, f"{box.name} now runs as declared"), taken.err
        assert box.sh(f"cat {_kept(box, PATH)}") == BY_HAND.replace("\\n", "\n")
        assert box.sh(f"head -1 {PATH}").startswith("# Generated by qtctl from services/clm.toml")
    finally:
        _heal(box, "--take-over")


def test_the_plan_as_a_document_changes_nothing(box: Box, slower: Path) -> None:
    before = _state(box)
    ran = deploy(box, "--registry", str(slower), "--format", "json")
    document = _document(ran)
    assert (ran.code, document["status"], document["exit_code"]) == (1, "declined", 1)
    assert {ENV, UNIT} <= {step["subject"] for step in document["steps"]}
    assert {step["status"] for step in document["steps"]} == {"not-run"}
    assert _state(box) == before


def test_a_program_that_fails_is_taken_back(box: Box, fails: Path) -> None:
    """The deploy says what failed and why, and the host is as it was before."""
    try:
        before = box.sh(FLEET_FILES)
        ran = deploy(box, "--registry", str(fails), "--yes", "--deadline", "20")
        assert ran.code == 4
        said = ran.err[ran.err.index("error: ") :]
        assert "it was rolled back, and the host is as it was before" in said
        assert f"QT205 {UNIT}" in said or f"QT206 {UNIT}" in said
        assert said.splitlines()[-1] == f"  {AGAIN}"
        assert "now runs as declared" not in ran.out
        assert box.sh(FLEET_FILES) == before
        audited = box.until_healthy()
        assert (audited.code, audited.json()["findings"]) == (0, [])
    finally:
        _heal(box)


def _document(ran: Ran) -> Any:
    document = ran.json()
    Draft202012Validator(make_schemas()["deploy"]).validate(document)
    return document


def _answered(answer: str, *argv: str) -> Ran:
    """Run qtctl with a terminal for its input, where someone types `answer`."""
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, f"{answer}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "qtctl", *argv],
            stdin=terminal,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
    finally:
        os.close(terminal)
        os.close(keyboard)
    return Ran(done.returncode, done.stdout, done.stderr)


def _heal(box: Box, *argv: str) -> None:
    """Deploying what is declared is the way back, from all that these tests do."""
    healed = deploy(box, "--yes", *argv)
    assert healed.code == 0, healed.err
    audited = box.until_healthy()
    assert (audited.code, audited.json()["findings"]) == (0, [])
    box.sh("rm -rf /var/lib/qtctl")


def _state(box: Box) -> tuple[str, dict[str, str]]:
    """Every file that a deploy could write, and every start of what it could restart, but what timers start."""
    return box.sh(EVERY_FILE), _invocations(box)


def _invocations(box: Box) -> dict[str, str]:
    """Unit → its present start, its restarts and its enablement, of what no timer starts."""
    shown = [each for each in box.sh(STARTS).split("\n\n") if "ActiveState=active" in each]
    blocks = [dict(line.split("=", 1) for line in each.splitlines()) for each in shown]
    return {each["Id"]: " ".join(value for _, value in sorted(each.items())) for each in blocks}


def _environment() -> str:
    return f"tr '\\0' '\\n' < /proc/$(systemctl show -p MainPID --value {UNIT})/environ"


def _kept(box: Box, path: str) -> str:
    """The newest copy of a file that a person wrote and that was replaced."""
    return box.sh(f"ls -d /var/lib/qtctl/replaced/*{path}").splitlines()[-1]


def test_a_unit_that_systemd_would_refuse_changes_nothing(box: Box, tmp_path: Path) -> None:
    registry = changed(
        tmp_path / "registry", "services/clm.toml", 'state = "running"', 'state = "running"\ntype = "dbus"'
    )
    before = box.sh(EVERY_FILE)
    ran = deploy(box, "--registry", str(registry), "--yes")
    assert ran.code == 4, (ran.out, ran.err)
    assert f"{UNIT}: is of Type=dbus and has no BusName=" in ran.out + ran.err
    assert box.sh(EVERY_FILE) == before
