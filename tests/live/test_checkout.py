"""A declared checkout and packages of a venv on a live host, read through SSH by the account that audits."""

import base64
import io
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dialects.git.repository import git, repository
from tests.live.box import Box
from tests.live.faulty import check_proofs

pytestmark = pytest.mark.lab

WHERE = "/srv/checkout"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return repository(tmp_path / "checkout")


@pytest.fixture
def there(box: Box, made: Path) -> Iterator[str]:
    """The checkout on the host, owned by the services' account; its times are in whole seconds there. Its commit."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.add(made, "checkout")
    text = base64.b64encode(packed.getvalue()).decode()
    box.sh(f"echo {text} | base64 -d | tar -xz -C /srv && chown -R qt:qt {WHERE}")
    try:
        yield git(made, "rev-parse", "HEAD")
    finally:
        box.sh(f"rm -rf {WHERE}")


def test_what_is_no_longer_the_declared_commit_is_found(box: Box, there: str, tmp_path: Path) -> None:
    registry = tmp_path / "registry"
    shutil.copytree(box.registry, registry)
    (registry / "code.toml").write_text(f'[fleet]\npath = "{WHERE}"\ncommit = "{there}"\n')
    box.until_healthy()
    declared = replace(box, registry=registry)
    part = ("--only", "QT4")
    ran = declared.audit(*part)
    assert (ran.code, ran.json()["findings"], ran.json()["unknowns"]) == (0, [], [])
    box.sh(f"cd {WHERE} && sed -i 's/1/2/' app/main.py && touch -r README app/main.py && rm zeta")
    (found,) = declared.audit(*part).json()["findings"]
    assert (found["id"], found["subject"]) == ("QT407", WHERE)
    assert found["observed"]["changed"] == ["app/main.py (content)", "zeta (missing)"]
    check_proofs(box, found, "qtaudit")
    (registry / "code.toml").write_text(f'[fleet]\npath = "{WHERE}"\ncommit = "{"0" * 40}"\n')
    (found,) = declared.audit(*part).json()["findings"]
    assert found["observed"]["commit"] == there
    check_proofs(box, found, "qtaudit")


def test_packages_are_those_of_the_lock_file(box: Box, tmp_path: Path) -> None:
    registry = tmp_path / "registry"
    shutil.copytree(box.registry, registry)
    (registry / "locks").mkdir()
    (registry / "locks/rl-sizer.txt").write_text("numpy==1.26.4\ntorch==2.1.0\n")
    venvs = registry / "venvs.toml"
    venvs.write_text(venvs.read_text().replace("[rl-sizer]\n", '[rl-sizer]\nlock = "locks/rl-sizer.txt"\n'))
    packages = "/opt/quantum/venvs/rl-sizer/lib/python3.11/site-packages"
    box.sh(f"mkdir -p {packages}/NumPy-1.26.5.dist-info {packages}/requests-2.31.0.dist-info")
    try:
        (found,) = replace(box, registry=registry).audit("--only", "QT409").json()["findings"]
        assert found["observed"] == {
            "differ": 3, "other version": ["numpy 1.26.5"], "missing": ["torch"], "not in the lock file": ["requests"],
        }  # fmt: skip
        check_proofs(box, found, "qtaudit")
    finally:
        box.sh("rm -r /opt/quantum/venvs/rl-sizer/lib")
