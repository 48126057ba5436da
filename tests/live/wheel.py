"""qtctl's wheel and all that it needs, for the Python of a lab host, which has no network."""

import shutil
import subprocess
import sys
from pathlib import Path
from platform import machine

import pytest

from qtctl.lab import lab
from tests.live.box import ROOT, Box

HOME = "/opt/qtctl"
"""Where it is installed on the host: no venv of the fleet's."""


def install(box: Box, work: Path) -> str:
    """Build the wheel, install it with its dependencies on the host; the command that runs it there."""
    uv = _uv()
    _run([uv, "build", "--quiet", "--wheel", "--out-dir", str(work), str(ROOT)])
    (wheel,) = work.glob("*.whl")
    version = box.sh("python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'").strip()
    packages = work / "packages"
    theirs = ["--python-version", version, "--python-platform", f"{machine()}-unknown-linux-gnu"]
    own = ["--link-mode", "copy"]  # links into uv's cache change for tar whenever another uv links the same file
    argv = ["--quiet", "--target", str(packages), *theirs, *own, "--only-binary", ":all:", str(wheel)]
    _run([uv, "pip", "install", *argv])
    shutil.rmtree(packages / "bin")
    box.sh(f"python3 -m venv --without-pip {HOME}")
    unpack(box, packages, f"{HOME}/lib/python{version}/site-packages")
    unpack(box, ROOT / "registry", f"{HOME}/registry")
    return f"{HOME}/bin/python -m qtctl"


def unpack(box: Box, folder: Path, onto: str) -> None:
    """Copy what is in a folder of this machine into one of the host, as root's."""
    packed = subprocess.run(["tar", "-C", str(folder), "-cf", "-", "."], capture_output=True, check=True).stdout
    script = f"mkdir -p {onto}; tar -C {onto} -xf - --no-same-owner"
    done = lab.execute(box.name, ["sh", "-euc", script], stdin=packed)
    assert done.returncode == 0, done.stderr


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        pytest.skip("uv is not on this machine: it builds the wheel")
    return found


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}\n{done.stderr}"
