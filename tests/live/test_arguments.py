"""Arguments of processes and units that nobody declared stay on the host: they may be tokens and passwords."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.box import Box, qtctl

pytestmark = pytest.mark.lab

CANARY = "canary-5b1e07"
PYTHON = "/opt/quantum/venvs/ai-engine/bin/python"
LISTENS = "import socket, time; s = socket.create_server(('127.0.0.1', 18099)); time.sleep(900)"
STARTED = f"""
systemd-run -q --unit=quantum-by-hand {PYTHON} -c "{LISTENS}" --token={CANARY}-1
systemd-run -q --unit=helper-job --uid=qt --working-directory=/home/qt/quantum_trader \
  {PYTHON} /home/qt/quantum_trader/microservices/clm/main.py --password {CANARY}-2
printf '[Service]\\nType=oneshot\\nEnvironment=KEY={CANARY}-3\\nExecStart=/bin/sh -c "curl -u x:{CANARY}-4 localhost; \
systemctl restart quantum-clm.service {CANARY}-5"\\n' >/etc/systemd/system/bounce.service
mkdir -p /etc/systemd/system/quantum-clm.service.d
printf '[Service]\\nExecStartPost=-/bin/true --key={CANARY}-6\\n' >/etc/systemd/system/quantum-clm.service.d/x.conf
systemctl daemon-reload; systemctl set-environment CANARY={CANARY}-7
"""
ENDED = """
systemctl unset-environment CANARY
systemctl stop quantum-by-hand helper-job || true; systemctl reset-failed quantum-by-hand helper-job 2>/dev/null || true
rm -rf /etc/systemd/system/bounce.service /etc/systemd/system/quantum-clm.service.d; systemctl daemon-reload
"""
FOUND = {"QT202", "QT211", "QT229", "QT232", "QT236", "QT304"}


@contextmanager
def made(box: Box) -> Iterator[None]:
    box.sh(STARTED)
    try:
        box.wait("ss -H -lnt 'sport = :18099' | grep -q 18099")
        yield
    finally:
        box.sh(ENDED)


def test_no_argument_is_in_evidence_reports_or_differences(box: Box, tmp_path: Path) -> None:
    before, evidence = tmp_path / "before.json", tmp_path / "evidence.json"
    box.audit("--save", str(before))
    with made(box):
        audited = box.audit("--save", str(evidence), "--all")
        planned = qtctl("plan", "--host", box.name, "--verbose")
    assert {each["id"] for each in audited.json()["findings"]} >= FOUND
    asked = ("--host", box.name, "--from", str(evidence))
    printed = [
        audited,
        planned,
        *(qtctl("audit", *asked, "--all", "--format", format_) for format_ in ("table", "markdown", "html")),
        qtctl("audit", *asked, "--new-since", str(before)),
        qtctl("report", "registry", *asked),
    ]
    texts = [evidence.read_text(), *(text for ran in printed for text in (ran.out, ran.err))]
    assert all(ran.out or ran.err for ran in printed)
    assert [text for text in texts if CANARY in text] == []
    assert box.until_healthy().code == 0
