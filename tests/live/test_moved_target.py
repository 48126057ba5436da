"""A service that goes from one target to another: its old link is found, and goes with the next deploy."""

from pathlib import Path

import pytest

from tests.live.box import Box, Ran, qtctl
from tests.live.registries import changed

pytestmark = pytest.mark.lab

UNIT = "quantum-clm.service"
OLD, NEW = (f"/etc/systemd/system/{name}.target.wants/{UNIT}" for name in ("quantum-ai", "multi-user"))


def test_links_of_an_earlier_install_go(box: Box, tmp_path: Path) -> None:
    moved = changed(tmp_path / "registry", "services/clm.toml", 'target = "ai"\n', "")
    try:
        assert subjects(look(box, moved), "QT217") == [UNIT]
        ran = qtctl("deploy", "--host", box.name, "--registry", str(moved), "--yes", "--format", "json")
        steps = [(each["kind"], each["subject"]) for each in ran.json()["steps"]]
        assert ran.code == 0, ran.err
        assert [step for step in steps if step[0] in ("disable", "enable")] == [("disable", UNIT), ("enable", UNIT)]
        assert (box.succeeds(f"test -e {OLD}"), box.succeeds(f"test -e {NEW}")) == (False, True)
        assert subjects(look(box, moved), "QT217") == []
    finally:
        back = qtctl("deploy", "--host", box.name, "--yes")
    assert back.code == 0, back.err
    assert (box.succeeds(f"test -e {OLD}"), box.succeeds(f"test -e {NEW}")) == (True, False)


def look(box: Box, registry: Path) -> Ran:
    return qtctl("audit", "--host", box.name, "--registry", str(registry), "--format", "json")


def subjects(ran: Ran, finding: str) -> list[str]:
    return [each["subject"] for each in ran.json()["findings"] if each["id"] == finding]
