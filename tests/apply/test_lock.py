"""The deploy lock, with real shells on this machine."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qtctl.adapters.local import LocalHost
from qtctl.apply.lock import deploy_lock
from qtctl.errors import DeployRefused

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
