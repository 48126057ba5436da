"""What `--save` writes to, and what it leaves alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.world import qtctl

AUDIT = ("audit", "--from", "evidence.json")


@pytest.fixture
def saved(world: Path) -> Path:
    ran = qtctl(world, "audit", "--host", "nowhere.invalid", "--save", "evidence.json")
    assert ran.code == 3
    return world


def test_the_umask_is_honoured_and_a_mode_kept(saved: Path) -> None:
    argv = [sys.executable, "-m", "qtctl", *AUDIT, "--save", "new.json"]
    ran = subprocess.run(argv, capture_output=True, cwd=saved, umask=0o027, check=False)
    assert ran.returncode == 3
    new = saved / "new.json"
    assert new.stat().st_mode & 0o777 == 0o640
    new.chmod(0o600)
    qtctl(saved, *AUDIT, "--save", "new.json")
    assert new.stat().st_mode & 0o777 == 0o600
    assert new.read_bytes() == (saved / "evidence.json").read_bytes()


def test_a_mode_of_another_account_is_not_kept(saved: Path) -> None:
    """The owner of the existing file would decide who may forge the evidence later."""
    laid = saved / "shared.json"
    laid.touch()
    os.chown(laid, 33, 33)
    laid.chmod(0o4666)
    argv = [sys.executable, "-m", "qtctl", *AUDIT, "--save", "shared.json"]
    ran = subprocess.run(argv, capture_output=True, cwd=saved, umask=0o077, check=False)
    assert ran.returncode == 3, ran.stderr
    found = laid.stat()
    assert (found.st_uid, found.st_mode & 0o7777) == (os.geteuid(), 0o600)


def test_nothing_but_a_file_is_replaced(saved: Path) -> None:
    (saved / "link").symlink_to("other")
    os.mkfifo(saved / "pipe")
    for name, kind in (("link", "a link"), ("pipe", "a pipe"), ("/dev/null", "not a regular file")):
        ran = qtctl(saved, *AUDIT, "--save", name)
        assert (ran.code, f"{name}: cannot be written: it is {kind}" in ran.err) == (2, True)
    assert (saved / "link").is_symlink()
    assert not (saved / "other").exists()
    assert (saved / "pipe").is_fifo()


def test_a_dash_is_stdout_in_place_of_the_report(saved: Path) -> None:
    ran = qtctl(saved, *AUDIT, "--save", "-")
    assert (ran.code, ran.out) == (3, (saved / "evidence.json").read_text())


@pytest.mark.parametrize("more", [("--save", "-"), ("--format", "json"), ()])
def test_a_full_disk_is_no_internal_error(saved: Path, more: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        argv = [sys.executable, "-m", "qtctl", *AUDIT, *more]
        ran = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, cwd=saved, check=False)
    assert ran.returncode == 2
    assert ran.stderr == (
        "error: the output cannot be written: No space left on device (free space there, or send it elsewhere)\n"
    )
