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


FOLDER, HOME = ["folder", "0", "0", "0755", ""], ["folder", "1001", "0", "0755", ""]
FILE = ["file", "0", "0", "0600", ""]
ENV = "/etc/quantum/ai-engine.env"
REFUSES_DEPLOYS: dict[str, tuple[dict[str, Any], str]] = {
    "an alias with another address": ({"hosts /etc/hosts": {"rows": [["192.0.2.7", "redis"]]}}, "QT706 redis"),
    "a deploy is stuck": (
        {"deploy.status host": {"state": "applying", "generation": 6, "watched": False, "age_s": 90}},
        "QT228 deploy",
    ),
    "a masked unit": ({f"unit {ENGINE}": {"unit_file_state": "masked", "load_state": "masked"}}, f"QT208 {ENGINE}"),
    "an account with another uid": ({"account qt": {"uid": 1002}}, "QT712 qt"),
    "a link for a folder": ({"file /data/models": {"kind": "link", "target": "/mnt"}}, "QT713 /data/models"),
    "a folder for a link": ({"file /srv/installed": {"kind": "dir", "target": ""}}, "QT413 /srv/installed"),
    "a link to elsewhere": ({"file /srv/installed": {"kind": "link", "target": "/home"}}, "QT413 /srv/installed"),
    "a unit of systemd-run": (
        {f"unit {ENGINE}": {"fragment_path": f"/run/systemd/transient/{ENGINE}"}},
        f"QT225 {ENGINE}",
    ),
    "units that others can write": (
        {"unit.writers units": {"parts": {"/etc/systemd/system": HOME}, "links": []}},
        "QT222 /etc/systemd/system",
    ),
    "env files that others can replace": (
        {f"way {ENV}": {"parts": {"/": FOLDER, "/etc": FOLDER, "/etc/quantum": HOME, ENV: FILE}}},
        f"QT608 {ENV}",
    ),
}  # fmt: skip
REFUSES_NOTHING: dict[str, dict[str, Any]] = {
    "a line of the hosts file is missing": {"hosts /etc/hosts": {"rows": [], "block": None}},
    "a package's units that others can write": {
        "unit.writers units": {"parts": {"/usr/lib/systemd/system": HOME}, "links": []}
    },
    "a folder of another mode": {"file /data/models": {"mode": "0777"}},
    "another installation of qtctl": {"file /srv/installed": {"target": f"/opt/qtctl/store/{'8' * 64}"}},
}
GONE = "/etc/sysusers.d/quantum.conf"


def find_remedy(changed: dict[str, Any]) -> str:
    """Of a file that a deploy would put back."""
    case = {"changed": changed, "absent": [f"file {GONE}"]}
    return next(check.remedy for check in findings(case) if (check.id, check.subject) == ("QT210", GONE))


@pytest.mark.parametrize("name", REFUSES_DEPLOYS)
def test_whatever_refuses_every_deploy_is_named_by_each_remedy_that_is_one(name: str) -> None:
    changed, first = REFUSES_DEPLOYS[name]
    assert find_remedy(changed).endswith(f"; a deploy is refused until {first} is settled")


@pytest.mark.parametrize("name", REFUSES_NOTHING)
def test_what_a_deploy_puts_right_is_in_nobodys_way(name: str) -> None:
    assert "is refused" not in find_remedy(REFUSES_NOTHING[name])
