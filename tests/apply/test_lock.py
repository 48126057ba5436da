"""The deploy lock, with real shells on this machine."""

import os
import subprocess
import sys
import time
from pathlib import Path
from shlex import quote

import pytest

from qtctl.adapters.local import LocalHost
from qtctl.apply.lock import deploy_lock
from qtctl.errors import DeployRefused
from qtctl.remote.scripts import read_script

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the lock is held by root")

HOLD_AND_DIE = """
import os, sys
from qtctl.adapters.local import LocalHost
from qtctl.apply.lock import deploy_lock
with deploy_lock(LocalHost(), hold_s=60, path=sys.argv[1]):
    os._exit(0)
"""


def test_a_second_deploy_is_refused_and_told_who_is_at_it(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    host = LocalHost()
    with deploy_lock(host, hold_s=60, path=path):
        with (
            pytest.raises(DeployRefused, match="is deploying to it now") as refused,
            deploy_lock(host, hold_s=60, path=path),
        ):
            pytest.fail("two deploys at once")
        assert "@" in refused.value.what
    with deploy_lock(host, hold_s=60, path=path):
        pass


def test_an_error_inside_frees_it(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with pytest.raises(KeyError), deploy_lock(LocalHost(), hold_s=60, path=path):
        raise KeyError
    with deploy_lock(LocalHost(), hold_s=60, path=path):
        pass


def test_a_deploy_that_dies_frees_it(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    subprocess.run([sys.executable, "-c", HOLD_AND_DIE, path], check=True, timeout=30)
    time.sleep(1)
    with deploy_lock(LocalHost(), hold_s=60, path=path):
        pass


def test_it_does_not_last_longer_than_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with deploy_lock(LocalHost(), hold_s=0, path=path):
        time.sleep(2)
        with deploy_lock(LocalHost(), hold_s=60, path=path):
            pass


def test_a_lock_file_that_cannot_be_made_is_a_refusal(tmp_path: Path) -> None:
    with (
        pytest.raises(DeployRefused, match="could not be taken"),
        deploy_lock(LocalHost(), hold_s=5, path=str(tmp_path / "no" / "such" / "lock")),
    ):
        pytest.fail("there is no folder for the folder of the lock")


def hold(lock: Path) -> tuple[int, str]:
    """What the script that takes the lock says, where it is over at once."""
    names = f"lock={quote(str(lock))} mark=m ttl=0\n"
    script = names + read_script("way.sh") + read_script("lock.sh") + "hold\n"
    done = subprocess.run(["sh", "-s"], input=script.encode(), capture_output=True, check=False, timeout=20)
    return done.returncode, done.stderr.decode()


def test_the_lock_is_a_file_that_root_alone_can_open_in_a_folder_of_its_own(tmp_path: Path) -> None:
    lock = tmp_path / "qtctl" / "lock"
    for _ in range(2):
        assert hold(lock) == (0, "")
        assert [oct(path.stat().st_mode & 0o7777) for path in (lock.parent, lock)] == ["0o711", "0o600"]


ODD = {
    "a link": ('ln -s /etc/passwd "$1"', "symbolic link"),
    "open to all": ('touch "$1"; chmod 0644 "$1"', "regular empty file, root:root, mode 644"),
    "somebody's": ('touch "$1"; chmod 0600 "$1"; chown 65533 "$1"', "UNKNOWN:root, mode 600"),
    "a pipe": ('mkfifo -m 0600 "$1"', "fifo, root:root, mode 600"),
    "a folder": ('mkdir -m 0600 "$1"', "directory, root:root, mode 600"),
}


@pytest.mark.parametrize("case", sorted(ODD))
def test_a_lock_that_is_not_as_qtctl_makes_it_is_refused_by_name(tmp_path: Path, case: str) -> None:
    make, what = ODD[case]
    lock = tmp_path / "lock"
    subprocess.run(["sh", "-euc", make, "sh", str(lock)], check=True)
    before = lock.lstat()
    code, said = hold(lock)
    assert (code, said.startswith(f"{lock} is not the lock that qtctl makes"), what in said) == (77, True, True), said
    assert lock.lstat() == before


def test_a_folder_of_the_lock_that_others_may_write_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "qtctl"
    folder.mkdir()
    folder.chmod(0o777)
    assert hold(folder / "lock") == (77, f"{folder} can be changed by every user (mode 0777)\n")
    assert list(folder.iterdir()) == []
