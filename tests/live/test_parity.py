"""The compose files that the fleet came from, against a live host: on demand, with the folder that they lie in.

QTCTL_FLEET_COMPOSE=FOLDER python -m pytest tests/live/test_parity.py
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.box import Box, qtctl

pytestmark = pytest.mark.lab

FOLDER = Path(os.environ.get("QTCTL_FLEET_COMPOSE") or "/nonexistent")
SERVICES = {"docker-compose.yml": 27, "docker-compose.vps.yml": 29}
MISSED = {
    "cross-exchange", "strategic-evolution", "trade-intent-consumer", "retraining-worker", "universe-os", "pil",
    "model-supervisor", "nginx-proxy", "rl-dashboard", "quantumfond-frontend",
}  # fmt: skip
"""Services of the file that ran which stand in no row of the hand-written audit."""
OF_SERVICES = {"QT801", "QT802", "QT803", "QT809", "QT810"}
Rows = dict[str, list[dict[str, Any]]]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="QTCTL_FLEET_COMPOSE names no folder of the fleet's compose files")
def test_every_compose_service_is_accounted_for(box: Box, tmp_path: Path) -> None:
    files = [option for name in SERVICES for option in ("--compose", str(FOLDER / name))]
    box.until_healthy()
    evidence = tmp_path / "evidence.json"
    box.audit("--save", str(evidence))
    ran = qtctl("parity", *files, "--from", str(evidence), "--format", "json")
    report = ran.json()
    rows = {Path(each["file"]).name: each["services"] for each in report["files"]}
    assert {name: len({row["service"] for row in each}) for name, each in rows.items()} == SERVICES
    assert all(row["disposition"] and row["why"] for each in rows.values() for row in each)
    assert (ran.code, report["verdict"], report["uncompared"]) == (1, "gap", [])
    assert {found["id"] for found in _list_findings(rows)} & OF_SERVICES == set(), "services and ports are as declared"
    assert {row["service"] for row in rows["docker-compose.vps.yml"]} >= MISSED
    _nothing_declared_is_unshown(rows)
    _one_port_has_one_owner(rows)
    _a_stopped_unit_is_a_gap(box, files)
    _without_a_host_nothing_is_known(files, tmp_path)


def _list_findings(rows: Rows) -> Iterator[dict[str, Any]]:
    yield from (found for each in rows.values() for row in each for found in row["findings"])


def _nothing_declared_is_unshown(rows: Rows) -> None:
    """What is unknown is so in the compose file, and not on the host."""
    shown = {part["unshown"] for each in rows.values() for row in each for part in row["dimensions"]}
    assert shown == {None}
    by_paper = [
        setting
        for each in rows.values()
        for row in each
        for part in row["dimensions"]
        for setting in part["settings"]
        if setting["fate"] == "unknown"
    ]
    assert {setting["declared"] for setting in by_paper} == {"unknown"}


def _one_port_has_one_owner(rows: Rows) -> None:
    """8005 was risk-safety's, and is position-monitor's: the audit gave it to both."""
    then = next(row for row in rows["docker-compose.yml"] if row["service"] == "risk-safety")
    assert [(port["published"], port["expected"]) for port in then["ports"]] == [(8005, 8003)]
    now = next(row for row in rows["docker-compose.vps.yml"] if row["service"] == "position-monitor")
    ports = next(part for part in now["dimensions"] if part["dimension"] == "ports")
    assert ("ports.8005/tcp", "new") in {(each["item"], each["fate"]) for each in ports["settings"]}


def _a_stopped_unit_is_a_gap(box: Box, files: list[str]) -> None:
    try:
        box.sh("systemctl stop quantum-dashboard-api.service")
        stopped = qtctl("parity", *files, "--host", box.name, "--format", "json")
    finally:
        box.sh("systemctl start quantum-dashboard-api.service")
    found = {(row["service"], finding["id"]) for each in stopped.json()["files"] for row in each["services"]
             for finding in row["findings"]}  # fmt: skip
    assert (stopped.code, ("backend", "QT802") in found) == (1, True)
    box.wait("systemctl is-active quantum-dashboard-api.service")


def _without_a_host_nothing_is_known(files: list[str], work: Path) -> None:
    offline = qtctl("parity", *files, "--format", "json").json()
    assert offline["totals"]["by_verdict"]["parity"] == 0
    assert {each["by_fate"]["kept"] for each in offline["dimensions"]} == {0}
    unheard_of = work / "docker-compose.yml"
    unheard_of.write_text("services:\n  unheard-of:\n    image: none\n")
    assert qtctl("parity", "--compose", str(unheard_of)).code == 1
