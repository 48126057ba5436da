"""systemd's own tools, run for real on this machine: their exit status is the result, their words are the reason."""

import os
import shutil
from pathlib import Path

import pytest

from qtctl.adapters.local import LocalHost
from qtctl.apply.tools import run_tool
from qtctl.model.plan import Step, StepKind

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="folders are made as root"),
    pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="systemd is not installed"),
]


def step(tmp_path: Path, text: str, kind: StepKind = StepKind.TMPFILES) -> Step:
    file = tmp_path / "it's a file.conf"
    file.write_text(text)
    return Step(kind, str(file), "test")


def test_a_folder_is_made(tmp_path: Path) -> None:
    made = tmp_path / "made"
    result = run_tool(LocalHost(), step(tmp_path, f"# mark\nd {made} 2750 root root\n"), 20)
    assert (result.done, result.detail) == (True, "")
    assert oct(made.stat().st_mode & 0o7777) == "0o2750"


def test_what_it_says_when_it_fails(tmp_path: Path) -> None:
    text = f"d {tmp_path}/a 0755 nobody-of-that-name root\nd {tmp_path}/b 0755 root root\n"
    result = run_tool(LocalHost(), step(tmp_path, text), 20)
    assert not result.done
    assert result.detail.startswith("exit status 65; ")
    assert "nobody-of-that-name" in result.detail


def test_accounts_that_no_host_could_have(tmp_path: Path) -> None:
    """Refused before anything is written: the accounts of this machine stay as they are."""
    before = Path("/etc/passwd").read_bytes()
    result = run_tool(LocalHost(), step(tmp_path, "u bad.name - x\n", StepKind.SYSUSERS), 20)
    assert not result.done
    assert "'bad.name' is not a valid user or group name" in result.detail
    assert Path("/etc/passwd").read_bytes() == before


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = run_tool(LocalHost(), Step(StepKind.SYSUSERS, str(tmp_path / "gone.conf"), "test"), 20)
    assert (result.done, "No such file" in result.detail) == (False, True)
