"""Wheel and sdist in roots of each release, as docs/install.md says for each tool, without the package index."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qtctl.version import VERSION
from tests.docs.pages import INSTALLING, blocks_below
from tests.machine import cannot_boot
from tests.release.building import ON_DEMAND, WHY_NOT
from tests.release.roots import run_in

PYTHONS = {"bookworm": "3.11", "trixie": "3.13", "noble": "3.12"}
UV = Path(sys.executable).parent / "uv"
pytestmark = [pytest.mark.lab, pytest.mark.skipif(not ON_DEMAND, reason=WHY_NOT)]
PATHS = """\
export HOME=/root PATH=/root/.local/bin:/opt/tools:/usr/sbin:/usr/bin:/sbin:/bin
export PIP_NO_INDEX=1 PIP_FIND_LINKS=/srv/in/wheels
export UV_OFFLINE=1 UV_NO_INDEX=1 UV_FIND_LINKS=/srv/in/wheels UV_PYTHON=/usr/bin/python3
mkdir /opt/tools
cd /srv/in
"""
TOOLS = {
    "uv": "ln -s /srv/in/uv /opt/tools/uv\n",
    "pipx": "python3 -m venv /opt/pipx\n/opt/pipx/bin/pip install --quiet pipx\nln -s /opt/pipx/bin/pipx /opt/tools\n",
    "pip": "",
}
"""What must be there before docs/install.md is followed."""
CHECKED = """\
cd /tmp
qtctl --version | grep -x 'qtctl {version} (commit [0-9a-f]*)'
qtctl init shop --name shop --host web-1 --address 192.0.2.1
qtctl lint --registry shop
qtctl render --registry shop --out rendered
ls rendered
qtctl explain QT505 | head -1
cd /srv/in
"""
REMOVED = """\
hash -r
! command -v qtctl
left=$(find / -xdev -name '*qtctl*' -not -path '/srv/*' -not -path '/proc/*' -not -path '/root/.cache/*' \\
  -not -name qtctl-lab.conf -not -name .qtctl.lock)
[ -z "$left" ] || { echo "left: $left"; exit 1; }
echo everything was as it should be
"""


@pytest.fixture(scope="module", params=PYTHONS)
def files(request: pytest.FixtureRequest, built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both artefacts, uv, and the wheels of all that they need, for the Python of the release that names the folder."""
    folder: Path = tmp_path_factory.mktemp("files") / request.param
    folder.mkdir()
    for path in (*built.values(), UV):
        shutil.copy(path, folder / path.name)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "-d", str(folder / "wheels")]
    version = ["--python-version", PYTHONS[request.param]]
    # pip judges markers by the patch version of this Python: redis needs async-timeout before 3.11.3, as on Debian 12.
    more = ("pipx", "pip", "hatchling", "async-timeout")
    done = subprocess.run([*pip, *version, str(built[".whl"]), *more], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for own in (folder / "wheels").glob("qtctl-*"):
        own.unlink()
    return folder


@pytest.mark.parametrize("suffix", [".whl", ".gz"])
@pytest.mark.parametrize("tool", TOOLS)
def test_it_is_installed(tool: str, suffix: str, files: Path, tmp_path: Path) -> None:
    reason = cannot_boot()
    if reason:
        pytest.skip(f"no root can be entered here: {reason}")
    first, second = (block.replace("./qtctl-*.whl", f"./qtctl-*{suffix}") for block in blocks_below(INSTALLING, tool))
    script = PATHS + TOOLS[tool] + first + CHECKED.format(version=VERSION) + second + REMOVED
    done = run_in(files.name, tmp_path / "root", files, script)
    assert done.code == 0, done.out
    assert "everything was as it should be" in done.out.splitlines(), done.out
