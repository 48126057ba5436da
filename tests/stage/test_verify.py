"""systemd itself judges the generated units on a staged root."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.adapters.analyze import stage_tree
from qtctl.model.desired import Desired
from qtctl.stage.verify import verify_tree
from tests.builders.staged import tiny

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed here")


def _verify(desired: Desired, root: Path) -> subprocess.CompletedProcess[str]:
    stage_tree(root, verify_tree(desired))
    units = [file.path.rpartition("/")[2] for file in desired.files if file.kind == "unit"]
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={root}", *units]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_rendered_units_pass(tmp_path: Path) -> None:
    done = _verify(tiny(), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_directive_that_systemd_does_not_know_fails(tmp_path: Path) -> None:
    desired = tiny()
    bad = tuple(
        replace(file, content=file.content.replace(b"[Service]", b"[Service]\nNoSuchThing=1"))
        if file.path.endswith("tiny-api.service")
        else file
        for file in desired.files
    )
    done = _verify(replace(desired, files=bad), tmp_path)
    assert done.returncode != 0
    assert "NoSuchThing" in done.stderr


def test_nothing_generated_is_replaced_by_a_stub() -> None:
    files = {file.path: file.content for file in verify_tree(tiny()).files}
    assert all(files[file.path] == file.content for file in tiny().files)
    assert "/usr/lib/systemd/system/tiny-api.service" not in files
