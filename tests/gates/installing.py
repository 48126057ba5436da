"""What lets pip build and install qtctl without the package index: the packages of the venv that runs the tests."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from tests.docs.pages import ROOT
from tests.gates.desk import git

OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip's own way to say that there is none
    "PIP_NO_COMPILE": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    # Whatever asks for the network all the same finds nobody.
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1",
}


def lend_packages() -> dict[str, str]:
    """Variables with which Python and pip see what is installed here, but for qtctl itself: a .pth is not followed."""
    return {**OFFLINE, "PYTHONPATH": os.pathsep.join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})}


def clone(folder: Path) -> Path:
    """The repository as whoever uses it gets it: the files of git, as they are here, in a commit of their own."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in listed.split("\0"):
        if name and not name.startswith("tests/") and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name, follow_symlinks=False)
    git(folder, "init", "-q")
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-qm", "qtctl")
    return folder
