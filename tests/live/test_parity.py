"""The two compose files of the fleet's last Docker deployment, against a live host."""

from pathlib import Path

import pytest

from tests.live.box import ROOT, Box, qtctl

pytestmark = pytest.mark.lab

COMPOSE = ROOT.parent / "shared/data/compose-2026-01-15"
SERVICES = {"docker-compose.yml": 27, "docker-compose.vps.yml": 29}


@pytest.mark.skipif(not COMPOSE.is_dir(), reason=f"the fleet's compose files are not here: {COMPOSE}")
def test_every_compose_service_is_accounted_for(box: Box, tmp_path: Path) -> None:
    files = [option for name in SERVICES for option in ("--compose", str(COMPOSE / name))]
    assert box.until_healthy().code == 0
    live = qtctl("parity", *files, "--host", box.name, "--format", "json")
    assert (live.code, live.json()["verdict"], live.json()["totals"]["findings"]) == (0, "parity", 0), live.err
    rows = {Path(each["file"]).name: each["services"] for each in live.json()["files"]}
    assert {name: len({row["service"] for row in each}) for name, each in rows.items()} == SERVICES
    assert all(row["disposition"] and row["why"] for each in rows.values() for row in each)
    _a_stopped_unit_is_a_gap(box, files)
    _without_a_host_nothing_is_known(files, tmp_path)


def _a_stopped_unit_is_a_gap(box: Box, files: list[str]) -> None:
    try:
        box.sh("systemctl stop quantum-dashboard-api.service")
        stopped = qtctl("parity", *files, "--host", box.name, "--format", "json")
    finally:
        box.sh("systemctl start quantum-dashboard-api.service")
    gaps = {row["service"] for each in stopped.json()["files"] for row in each["services"] if row["verdict"] == "gap"}
    assert (stopped.code, "backend" in gaps) == (1, True)
    assert box.until_healthy().code == 0


def _without_a_host_nothing_is_known(files: list[str], work: Path) -> None:
    assert qtctl("parity", *files).code == 3
    unheard_of = work / "docker-compose.yml"
    unheard_of.write_text("services:\n  unheard-of:\n    image: none\n")
    assert qtctl("parity", "--compose", str(unheard_of)).code == 1
