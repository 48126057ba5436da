"""A registry's own checks on a live host: asked with everything else, by the account that audits, judged and proved."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.box import Box
from tests.live.faulty import check_proofs

pytestmark = pytest.mark.lab

CHECKS = """
[QT901]
summary = "the clock counts"
remedy = "none"
command = { argv = ["/usr/bin/id", "-un"], output = "qtaudit" }
[QT902]
summary = "the host has a name"
remedy = "hostnamectl hostname NAME"
file = { path = "/etc/hostname", owner = "root", not_empty = true }
[QT903]
summary = "ssh runs"
remedy = "systemctl start ssh.service"
unit = { unit = "ssh.service", property = "ActiveState", value = "active" }
[QT904]
summary = "a model is there"
remedy = "copy one"
severity = "error"
command = { argv = ["/usr/bin/test", "-e", "/no/such/model"] }
[QT905]
summary = "ssh is a oneshot"
remedy = "it is not"
unit = { unit = "ssh.service", property = "Type", value = "oneshot" }
[QT906]
summary = "a script of somebody else's"
remedy = "give it to root"
command = { argv = ["/home/qt/quantum_trader/none"] }
"""


def test_they_are_judged_and_proved_with_everything_else(box: Box, tmp_path: Path) -> None:
    registry = tmp_path / "registry"
    shutil.copytree(box.registry, registry)
    (registry / "checks.toml").write_text(CHECKS)
    box.until_healthy()
    ran = replace(box, registry=registry).audit()
    report = ran.json()
    assert {(each["id"], each["subject"]) for each in report["findings"]} == {
        ("QT904", "QT904"), ("QT905", "ssh.service Type"),
    }  # fmt: skip
    assert {each["id"] for each in report["unknowns"]} == {"QT906"}
    assert ran.code == 1
    for finding in report["findings"]:
        check_proofs(box, finding, "qtaudit")
