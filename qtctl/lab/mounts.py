"""Folders mounted on themselves, so that on this machine nothing in them is setuid or a device."""

from pathlib import Path

from qtctl.dialects.lines import split_lines
from qtctl.lab.shell import run

RESTRICTED = "nosuid,nodev"


def is_mounted(path: Path) -> bool:
    """Path.is_mount does not recognise a folder that is bind-mounted on itself."""
    escaped = str(path.absolute()).replace("\\", "\\134").replace(" ", "\\040")
    mounts = Path("/proc/self/mountinfo").read_bytes().decode("utf-8", "replace")
    return any(escaped in line.split(" ")[4:5] for line in split_lines(mounts))


def restrict(path: Path) -> None:
    """Mount a folder on itself, nosuid and nodev. An overlay on it has its own options."""
    run(["mount", "--bind", str(path), str(path)])
    run(["mount", "-o", f"remount,bind,{RESTRICTED}", str(path)])
