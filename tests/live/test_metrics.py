"""Prometheus itself scrapes qtctl's endpoint for a live host, fires the generated alerts for faults, and resolves them.

One fault in every run; with QTCTL_ALERTS=all five.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.box import ROOT, Box, qtctl

pytestmark = pytest.mark.lab

EVERY_S = 1
WITHIN_S = 180.0
SERVICE = "quantum-strategy-brain.service"
VENV = "/opt/quantum/venvs/ai-engine/bin/python"
LOOPING, OVERRIDE = "quantum-rl-monitor.service", "/etc/qtctl-lab/override.json"
CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: qtctl
    honor_labels: true
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
FAULTS = {
    "a stopped service": (
        f"systemctl stop {SERVICE}",
        f"systemctl start {SERVICE}",
        {("QtctlUnitDown", SERVICE), ("QtctlPortClosed", SERVICE), ("QtctlFindingError", "QT219")},
    ),
    "a disabled service": (
        "systemctl disable -q quantum-clm.service",
        "systemctl enable -q quantum-clm.service",
        {("QtctlFindingWarning", "QT208")},
    ),
    "a stopped timer": (
        "systemctl stop quantum-core-health.timer",
        "systemctl start quantum-core-health.timer",
        {("QtctlUnitDown", "quantum-core-health.timer")},
    ),
    "a broken venv": (
        f"mv {VENV} {VENV}.away",
        f"mv {VENV}.away {VENV}",
        {("QtctlVenvBroken", "ai-engine")},
    ),
    "a crash loop": (
        f"""echo '{{"{LOOPING}": {{"exit": 1}}}}' > {OVERRIDE}; systemctl restart {LOOPING}""",
        f"rm -f {OVERRIDE}; systemctl reset-failed {LOOPING} || true; systemctl restart {LOOPING}",
        {("QtctlUnitDown", LOOPING)},
    ),
}


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def run(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def prometheus(box: Box, tmp_path: Path) -> Iterator[int]:
    """The port of a Prometheus server that scrapes an endpoint for the host, with the generated rules."""
    program = shutil.which("prometheus")
    assert program, "install prometheus"
    rules, listen, port = tmp_path / "rules.yml", find_port(), find_port()
    ran = qtctl("metrics", "--rules", "--every", str(EVERY_S), "--out", str(rules))
    assert ran.code == 0, ran.err
    (tmp_path / "prometheus.yml").write_text(CONFIG.format(rules=rules, port=listen))
    server = [
        program, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    measuring = [sys.executable, "-m", "qtctl", "metrics", "--host", box.name]
    with ExitStack() as stack:
        place = f"127.0.0.1:{listen}"
        endpoint = [*measuring, "--listen", place, "--every", str(EVERY_S)]
        stack.enter_context(run(endpoint, tmp_path / "endpoint.log"))
        stack.enter_context(run(server, tmp_path / "server.log"))
        yield port


def list_firing(port: int) -> set[tuple[str, str]]:
    """Alert, and the unit or the finding that it is about."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/alerts", timeout=10) as reply:
            alerts: list[dict[str, Any]] = json.load(reply)["data"]["alerts"]
    except OSError:
        return set()
    labels = (each["labels"] for each in alerts if each["state"] == "firing")
    return {(each["alertname"], each.get("unit") or each.get("id") or each.get("venv", "")) for each in labels}


def is_up(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/api/v1/query?query=qtctl_host_reached"
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return [each["value"][1] for each in json.load(reply)["data"]["result"]] == ["1"]
    except OSError:
        return False


def wait(what: str, holds: Any) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {what}"
        time.sleep(0.3)


def test_generated_alerts_fire_and_resolve(box: Box, prometheus: int, tmp_path: Path) -> None:
    wait("the host is scraped", lambda: is_up(prometheus))
    names = list(FAULTS) if os.environ.get("QTCTL_ALERTS") == "all" else list(FAULTS)[:1]
    for name in names:
        inflict, heal, alerts = FAULTS[name]
        try:
            box.sh(inflict)
            wait(f"{name}: {alerts}", lambda alerts=alerts: alerts <= list_firing(prometheus))
        finally:
            box.sh(heal)
        wait(f"{name} is resolved", lambda alerts=alerts: not alerts & list_firing(prometheus))
    (said,) = (tmp_path / "endpoint.log").read_text().splitlines()
    assert said.startswith("metrics at http://"), "a service fills no journal"
