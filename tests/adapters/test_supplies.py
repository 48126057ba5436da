"""What this machine sends for a virtual environment: the packages that the lock file allows by hash, and no others."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qtctl.adapters.supplies import LocalSupplies
from qtctl.errors import DeployRefused
from qtctl.model.desired_install import DesiredInstall, InstallKind
from qtctl.model.origin import Origin
from tests.builders.wheels import lock_line, make_wheel


def install(lock: str, *, sources: bool = False) -> DesiredInstall:
    return DesiredInstall(
        InstallKind.VENV, "main", "/srv/v", "0" * 64, Origin("venvs.toml"), lock=lock, sources=sources
    )  # fmt: skip


def test_those_are_sent_that_the_lock_file_allows_by_their_hash(tmp_path: Path) -> None:
    wanted, other = make_wheel(tmp_path, "one"), make_wheel(tmp_path, "two")
    (tmp_path / "README").write_text("x")
    sent = LocalSupplies(wheels=tmp_path).fetch_packages(install(lock_line(wanted)))
    assert sent == {wanted.name: wanted.read_bytes()}
    assert other.exists()


def test_another_file_of_the_same_name_is_not_sent(tmp_path: Path) -> None:
    lock = lock_line(make_wheel(tmp_path, "one"))
    make_wheel(tmp_path, "one", files={"one.py": "import os\n"})
    with pytest.raises(
        DeployRefused, match=r"nothing was changed: .* has no file of one==1.0, as a wheel, with a hash"
    ):
        LocalSupplies(wheels=tmp_path).fetch_packages(install(lock))


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_a_package_that_cannot_be_read_refuses_the_deploy(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "x.whl")
    with pytest.raises(DeployRefused, match=r"nothing was changed: .*/x\.whl: .") as caught:
        LocalSupplies(wheels=tmp_path).fetch_packages(install(lock_line(make_wheel(tmp_path, "one"))))
    assert caught.value.hint == "--wheels names a folder of packages"


def test_a_source_archive_counts_only_where_that_is_declared(tmp_path: Path) -> None:
    (tmp_path / "one-1.0.tar.gz").write_bytes(b"x")
    lock = lock_line(tmp_path / "one-1.0.tar.gz")
    with pytest.raises(DeployRefused, match=r"no file of one==1.0, as a wheel"):
        LocalSupplies(wheels=tmp_path).fetch_packages(install(lock))
    assert LocalSupplies(wheels=tmp_path).fetch_packages(install(lock, sources=True)) == {"one-1.0.tar.gz": b"x"}


def test_a_package_of_another_platform_may_be_missing(tmp_path: Path) -> None:
    lock = (
        f'colorama==0.4.6 ; sys_platform == "win32" --hash=sha256:{"a" * 64}\n{lock_line(make_wheel(tmp_path, "one"))}'
    )
    assert [*(LocalSupplies(wheels=tmp_path).fetch_packages(install(lock)) or {})] == ["one-1.0-py3-none-any.whl"]


def test_without_a_folder_the_host_fetches_them_and_code_is_refused(tmp_path: Path) -> None:
    assert LocalSupplies().fetch_packages(install("")) is None
    with pytest.raises(DeployRefused, match=r"nothing was changed: main has to be installed"):
        LocalSupplies().fetch_code(install(""))
    with pytest.raises(DeployRefused, match=r"nothing was changed: .*nothing"):
        LocalSupplies(wheels=tmp_path / "nothing").fetch_packages(install("x==1"))
