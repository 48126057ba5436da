"""A registry's own checks on a live host: asked with everything else, by the account that audits, judged and proved."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.registry import write_check
from tests.live.box import Box
from tests.live.faulty import check_proofs

pytestmark = pytest.mark.lab

CHECKS = "".join((
    write_check("QT901", 'command = { argv = ["/usr/bin/id", "-un"], output = "qtaudit" }'),
    write_check("QT902", 'file = { path = "/etc/hostname", owner = "root", not_empty = true }'),
    write_check("QT903", 'unit = { unit = "ssh.service", property = "ActiveState", value = "active" }'),
    write_check("QT904", 'command = { argv = ["/usr/bin/test", "-e", "/no/such/model"] }', more='severity = "error"\n'),
    write_check("QT905", 'unit = { unit = "ssh.service", property = "Type", value = "oneshot" }'),
    write_check("QT906", 'command = { argv = ["/home/qt/quantum_trader/none"] }', summary="another's script"),
    write_check("QT907", 'http = { listen = "127.0.0.1:9100", path = "/nowhere", status = 404 }'),
    write_check("QT908", 'http = { listen = "127.0.0.1:8001", path = "/health", values = { status = "perfect" } }'),
    write_check("QT909", 'file = { path = "/etc/hosts", line = "203.0.113.7 nobody", max_size = "1M" }'),
))  # fmt: skip
"""Four that hold, four that do not, and one that is not run."""


def test_they_are_judged_and_proved_with_everything_else(box: Box, tmp_path: Path) -> None:
    registry = tmp_path / "registry"
    shutil.copytree(box.registry, registry)
    (registry / "checks.toml").write_text(CHECKS)
    box.until_healthy()
    ran = replace(box, registry=registry).audit()
    report = ran.json()
    assert {(each["id"], each["subject"]) for each in report["findings"]} == {
        ("QT904", "QT904"), ("QT905", "ssh.service Type"), ("QT908", "127.0.0.1:8001/health"), ("QT909", "/etc/hosts"),
    }  # fmt: skip
    assert {each["id"] for each in report["unknowns"]} == {"QT906"}
    assert ran.code == 1
    for finding in report["findings"]:
        check_proofs(box, finding, "qtaudit")
