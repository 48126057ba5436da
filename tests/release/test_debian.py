"""The Debian package in roots of its releases: installed, upgraded and removed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qtctl.version import VERSION
from tests.docs.pages import INSTALLING, ROOT, blocks_below
from tests.machine import cannot_boot
from tests.release.building import ON_DEMAND, WHY_NOT
from tests.release.roots import run_in

BUILD = ROOT / ".packaging/deb/build"
UV = Path(sys.executable).parent / "uv"
SUITES = ("bookworm", "trixie", "noble")
SMOKE = "bookworm"
pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not UV.exists(), reason="uv is not beside this Python: it fills the package"),
]
PATHS = "export PATH=/usr/sbin:/usr/bin:/sbin:/bin; cd /srv/in\n"
UPGRADED = """\
package=/usr/lib/qtctl/lib/python3*/site-packages/qtctl
dpkg -i older.deb
qtctl --version | grep -q 'an older one'
ls $package/left.py $package/__pycache__/left.*.pyc
dpkg -i newer.deb
[ -z "$(find $package -name 'left.*')" ]
"""
CHECKED = """\
[ "$(qtctl --version)" = "$EXPECTED" ]
qtctl lint --registry /usr/share/doc/qtctl/examples/registry
qtctl render --registry /usr/share/doc/qtctl/examples/registry --out /tmp/rendered >/dev/null
qtctl explain QT505 | head -1
_QTCTL_COMPLETE=complete_bash COMP_WORDS='qtctl gen' COMP_CWORD=1 qtctl | grep -x generations
gzip -dc /usr/share/man/man1/qtctl.1.gz | grep -q '^.TH QTCTL 1'
for file in bash-completion/completions/qtctl zsh/vendor-completions/_qtctl fish/vendor_completions.d/qtctl.fish \\
  doc/qtctl/changelog.gz doc/qtctl/changelog.Debian.gz doc/qtctl/copyright lintian/overrides/qtctl; \\
do test -s "/usr/share/$file"; done
bash -n /usr/share/bash-completion/completions/qtctl
[ -z "$(dpkg -V qtctl)" ]
[ "$(find /usr/lib/qtctl ! -user root | wc -l)" = 0 ]
[ "$(find /usr/lib/qtctl ! -type l -perm /022 | wc -l)" = 0 ]
"""
DATA = "mkdir -p /var/lib/qtctl && touch /var/lib/qtctl/data\n"
REMOVED = """\
for path in bin/qtctl lib/qtctl share/doc/qtctl share/man/man1/qtctl.1.gz; do test ! -e "/usr/$path"; done
dpkg -P qtctl 2>/dev/null || true
left=$(find / -xdev -name '*qtctl*' -not -path '/srv/*' -not -path '/proc/*' -not -name 'qtctl-lab.conf')
[ "$left" = /var/lib/qtctl ] && [ -e /var/lib/qtctl/data ]
echo everything was as it should be
"""


@pytest.fixture(scope="module")
def wheel(built: dict[str, Path]) -> Path:
    return built[".whl"]


def package(wheel: Path, suite: str, out: Path, revision: str = "1") -> Path:
    out.mkdir(exist_ok=True)
    env = {**os.environ, "UV": str(UV)}
    done = subprocess.run(
        [str(BUILD), suite, str(wheel), str(out), revision], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.strip())


def make_older(newer: Path, work: Path) -> None:
    """An older build of a package: a module more, one that differs, and a lower revision."""
    tree = work / "tree"
    subprocess.run(["dpkg-deb", "-R", str(newer), str(tree)], check=True)
    (modules,) = tree.glob("usr/lib/qtctl/lib/python3*/site-packages/qtctl")
    (modules / "left.py").write_text("LEFT = 1\n")
    (modules / "commit.txt").write_text("an older one\n")
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text().replace("-1~", "-0~"))
    (tree / "DEBIAN/md5sums").unlink()
    subprocess.run(["dpkg-deb", "-b", "-Znone", str(tree), str(newer.parent / "older.deb")], check=True)
    shutil.rmtree(tree)


def expect_version(wheel: Path) -> str:
    argv = [sys.executable, "-m", "zipfile", "-e", str(wheel), str(wheel.parent / "x")]
    subprocess.run(argv, check=True)
    return f"qtctl {VERSION} (commit {(wheel.parent / 'x/qtctl/commit.txt').read_text().strip()})"


def skip_where_no_root() -> None:
    reason = cannot_boot()
    if reason:
        pytest.skip(f"no root can be entered here: {reason}")


def test_it_is_installed_and_removed(wheel: Path, tmp_path: Path) -> None:
    skip_where_no_root()
    newer = package(wheel, SMOKE, tmp_path / "debs")
    assert b"data.tar.xz" in newer.read_bytes()[:100_000], "as archives of Debian take it"
    first, second = blocks_below(INSTALLING, "Debian package")
    script = f"{PATHS}{first}[ \"$(qtctl --version)\" = '{expect_version(wheel)}' ]\n{DATA}{second}{REMOVED}"
    done = run_in(SMOKE, tmp_path / "root", newer.parent, script)
    assert done.code == 0, done.out
    assert "everything was as it should be" in done.out.splitlines(), done.out


@pytest.mark.skipif(not ON_DEMAND, reason=WHY_NOT)
@pytest.mark.parametrize("suite", SUITES)
def test_install_upgrade_and_remove(suite: str, wheel: Path, tmp_path: Path) -> None:
    skip_where_no_root()
    newer = package(wheel, suite, tmp_path / "debs")
    make_older(newer, tmp_path)
    newer.rename(newer.parent / "newer.deb")
    expected = f"EXPECTED='{expect_version(wheel)}'\n"
    done = run_in(
        suite,
        tmp_path / "root",
        newer.parent,
        PATHS + expected + UPGRADED + CHECKED + DATA + "dpkg -r qtctl\n" + REMOVED,
    )
    assert done.code == 0, done.out
    assert "everything was as it should be" in done.out.splitlines(), done.out


@pytest.mark.skipif(not ON_DEMAND, reason=WHY_NOT)
def test_the_package_is_the_same_bytes_again(wheel: Path, tmp_path: Path) -> None:
    first, second = (package(wheel, SMOKE, tmp_path / name) for name in ("a", "b"))
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(BUILD), "sarge", str(tmp_path), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "sarge: not one of bookworm, trixie, noble" in done.stderr
