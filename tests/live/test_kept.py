"""An audit that takes what an earlier one made of the registry judges by the registry as it is."""

import shutil
from pathlib import Path

import pytest

from tests.live.box import ROOT, Box

pytestmark = pytest.mark.lab


def test_an_edit_is_seen_by_the_next_audit(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QTCTL_KEEP", str(tmp_path / "kept"))
    registry = Path(shutil.copytree(ROOT / "registry", tmp_path / "registry"))
    service, other = registry / "services" / "ai-engine.toml", Box(box.name, registry)
    as_it_was = service.read_text()
    for _ in range(2):
        assert other.until_healthy().code == 0
    assert len(list((tmp_path / "kept").iterdir())) == 1
    service.write_text(as_it_was.replace('summary = "', 'summary = "Not quite: ', 1))
    for _ in range(2):
        audited = other.audit()
        assert audited.code == 1
        found = {(each["id"], each["subject"]) for each in audited.json()["findings"]}
        assert ("QT210", "quantum-ai-engine.service") in found
    service.write_text(as_it_was)
    assert other.until_healthy().code == 0


def test_it_makes_no_difference(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QTCTL_KEEP", str(tmp_path / "kept"))
    box.sh("systemctl stop quantum-ai-engine")
    try:
        reports = [box.audit("--all") for _ in range(2)]
        monkeypatch.setenv("QTCTL_KEEP", "off")
        reports.append(box.audit("--all"))
    finally:
        box.sh("systemctl start quantum-ai-engine")
    made, taken, plain = ([(each["id"], each["subject"], each["outcome"], each["declared"])
                           for each in report.json()["checks"]] for report in reports)  # fmt: skip
    assert made == taken == plain
    assert {report.code for report in reports} == {1}
    assert box.until_healthy().code == 0
