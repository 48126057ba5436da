"""Packages of a venv that pip filled, by their records."""

import os
from pathlib import Path

import pytest

from qtctl.model.code_facts import VenvPackages
from qtctl.model.evidence import Need, State
from qtctl.probes.venv_packages import probe
from tests.probes.host import NOBODY, ask

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")


def test_records_and_what_cannot_be_seen(tmp_path: Path) -> None:
    for parent in (tmp_path, *tmp_path.parents[:-1]):
        parent.chmod(parent.stat().st_mode | 0o011)
    packages = tmp_path / "a/lib/python3.11/site-packages"
    names = ("numpy-1.26.4.dist-info", "torch-2.1.0+cu118.dist-info", "numpy", "x.egg-info", "odd\nname-1.dist-info")
    for name in names:
        (packages / name).mkdir(parents=True)
    (tmp_path / "none/lib/python3.11").mkdir(parents=True)
    (tmp_path / "shut/lib").mkdir(parents=True, mode=0o700)
    (tmp_path / "shut").chmod(0o700)
    needs = [Need("venv.packages", f"{tmp_path}/{name}") for name in ("a", "none", "shut", "gone")]
    answers = {each.need.subject.rpartition("/")[2]: each for each in ask(probe(needs), NOBODY)}
    assert answers["a"].value == VenvPackages(["numpy-1.26.4", "torch-2.1.0+cu118"])
    assert answers["none"].value == VenvPackages([])
    assert answers["shut"].state is State.REFUSED
    assert answers["gone"].state is State.ABSENT
