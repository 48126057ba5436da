"""A demo whose host does not boot says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.box import ROOT

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("own_lab")]


def test_a_host_that_does_not_boot_is_the_error(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "systemd-nspawn"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'no room in the container' >&2\nexit 1\n")
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "qtctl", "demo"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "demo1 ended while booting" in done.stderr
    assert "there is no lab host" not in done.stderr
