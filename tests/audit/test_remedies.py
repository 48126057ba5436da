"""Remedies: commands that can be pasted, none of which takes down what is well. tests/live follows them on a host."""

from typing import Any

import pytest

from qtctl.findings.finding import Finding, Outcome
from tests.audit.test_cases import CASES, judged
from tests.builders.audited import ENGINE

SHADOW = "systemd/system/rl-shadow-1.service"
NEVER_STOPPED = (".scope", ".slice")


def findings(case: dict[str, Any]) -> list[Finding]:
    return [check for check in judged(case) if check.outcome is Outcome.BROKEN]


def test_no_command_does_harm() -> None:
    for name, check in [(case.id, check) for case in CASES for check in findings(case.values[0])]:  # type: ignore[arg-type]
        assert check.remedy, name
        for command in check.commands:
            assert all(command), f"{name}: an empty word"
            if command[:2] == ("systemctl", "stop"):
                assert not [word for word in command if word.endswith(NEVER_STOPPED)], name
            if command[0] == "journalctl" or command[:2] in {("systemctl", "status"), ("systemctl", "cat")}:
                assert "--no-pager" in command, name
            assert "--clear" not in command, name


def listed(files: dict[str, str], **units: list[str]) -> dict[str, Any]:
    known = {name.replace("_", "-") + ".service": state for name, state in units.items()}
    return {"changed": {"unit.listing *": {"files": {ENGINE: "enabled", **files}, "units": known}}}


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        ("alias", [["rm", "-f", "--", f"/etc/{SHADOW}", f"/run/{SHADOW}"], ["systemctl", "daemon-reload"]]),
        ("enabled", [["systemctl", "disable", "--now", "rl-shadow-1.service"], ["systemctl", "daemon-reload"]]),
        ("linked", [["systemctl", "disable", "--now", "rl-shadow-1.service"]]),
        ("masked", []),
        ("generated", []),
    ],
)  # fmt: skip
def test_what_removes_a_unit_depends_on_what_it_is(state: str, commands: list[list[str]]) -> None:
    (check,) = [each for each in findings(listed({"rl-shadow-1.service": state})) if each.id == "QT202"]
    assert [list(command) for command in check.commands] == commands


def test_a_file_that_qtctl_did_not_write_is_in_the_way_of_every_deploy() -> None:
    foreign = {"sha256": "0" * 64, "ours": False}
    unit = f"file /etc/systemd/system/{ENGINE}"
    case: dict[str, Any] = {"changed": {unit: foreign}, "absent": ["file /etc/sysusers.d/quantum.conf"]}
    by_subject = {check.subject: check for check in findings(case) if check.id == "QT210"}
    foreign_unit = by_subject[ENGINE]
    assert (foreign_unit.title, foreign_unit.commands) == ("unit file was not written by qtctl", ())
    assert "--take-over" in foreign_unit.remedy
    other = by_subject["/etc/sysusers.d/quantum.conf"]
    assert f"a deploy is refused until QT210 {ENGINE} is settled" in other.remedy
    assert other.commands == ()
