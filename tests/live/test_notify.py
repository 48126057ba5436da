"""Notifications about a real host: a service is stopped and started again, and qtctl is killed in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qtctl.cli.exits import Exit
from tests.live.box import ROOT, Box, qtctl
from tests.notify.receiver import Receiver, receive

pytestmark = pytest.mark.lab

ENGINE = "quantum-ai-engine.service"
"""Its port, and what it publishes, are not there either while it is stopped."""


def list_told(receiver: Receiver) -> list[tuple[str, str, str]]:
    """Kind, id and subject of each item that was told, in their order."""
    return [(each["kind"], item["id"], item["subject"]) for each in receiver.got for item in each["items"]]


def test_each_cause_is_told_once_and_so_is_its_recovery(box: Box, tmp_path: Path) -> None:
    assert box.until_healthy().code == 0
    argv = (
        "notify", "--host", box.name, "--registry", str(box.registry),
        "--channels", str(tmp_path / "notify.toml"), "--state", str(tmp_path / "told.json"),
    )  # fmt: skip
    with receive() as receiver:
        (tmp_path / "notify.toml").write_text(f'[channels.ops]\nurl = "{receiver.url}"\n')
        assert (qtctl(*argv).code, receiver.got) == (Exit.OK, []), "nothing is wrong"
        box.sh(f"systemctl stop {ENGINE}")
        try:
            killed: list[subprocess.Popen[bytes]] = []
            receiver.meanwhile = lambda: killed[0].send_signal(signal.SIGKILL)
            env = {**os.environ, "PYTHONPATH": str(ROOT)}
            killed.append(subprocess.Popen([sys.executable, "-m", "qtctl", *argv], env=env, stderr=subprocess.DEVNULL))
            assert killed[0].wait(120) == -signal.SIGKILL
            receiver.meanwhile = lambda: None
            assert len(receiver.got) == 1
            again = qtctl(*argv)
            assert again.code == Exit.INCOMPLETE, again.err
            assert "it may not have arrived, and is not sent again" in again.err
            assert qtctl(*argv).code == Exit.OK
            down = list_told(receiver)
            assert [kind for kind, _, subject in down if subject == ENGINE] == ["new"]
            assert len(down) == len({*down}), "nothing twice"
            of_port = [each for each in down if each[1].startswith("QT3")]
            assert of_port == [], "what its stop explains is no notification of its own"
        finally:
            box.sh(f"systemctl start {ENGINE}")
        assert box.until_healthy().code == 0
        assert qtctl(*argv).code == Exit.OK
        assert qtctl(*argv).code == Exit.OK
        told = list_told(receiver)
        assert sorted(told[len(down) :]) == sorted(("recovered", id_, subject) for _, id_, subject in down)
        keys = [each["key"] for each in receiver.got]
        assert len(keys) == len({*keys})
