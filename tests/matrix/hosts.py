"""A lab host of a suite, with the shipped registry deployed; made again where a situation could not be healed."""

from pathlib import Path

from qtctl.errors import QtctlError
from qtctl.interfaces.progress import silent
from qtctl.lab import lab, rootfs
from tests.live.box import Box, qtctl

NAME = "lab1"


def why_no_root(suite: str) -> str:
    """Why no root file system of the suite can be had here; "" if it can. One that is missing is built."""
    try:
        rootfs.ensure(suite, silent)
    except (QtctlError, OSError) as error:
        return str(error).splitlines()[0]
    return ""


def make(suite: str) -> Box:
    """A fresh host, as declared."""
    if lab.find(NAME) is not None:
        lab.down([NAME])
    for command in (("lab", "up", "--suite", suite), ("deploy", "--host", NAME, "--yes")):
        ran = qtctl(*command)
        assert ran.code == 0, ran.out + ran.err
    return Box(NAME)


def versions(box: Box) -> dict[str, str]:
    said = box.sh("systemctl --version | head -1; redis-server --version").splitlines()
    return {"systemd": said[0].split()[1], "redis": said[1].split("v=")[1].split()[0]}


def folder(state: Path) -> Path:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return state
