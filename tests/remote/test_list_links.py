"""The links in a unit folder, whatever the host's `find` does."""

import subprocess
from pathlib import Path

import pytest

from qtctl.remote.scripts import read_script

FINDS = {
    "the host's own": None,
    "none": "exit 127",
    "one without -printf": "echo 'find: unknown predicate -printf' >&2; exit 1",
    "one that prints without end": "exec yes lies",
    "one that prints whole without end": "exec yes whole",
    "one that is killed halfway": "echo '/x\t/y'; kill -9 $$",
    "one that hangs": "exec sleep 100",
}


def list_links(folder: Path, finds: Path | None) -> set[str]:
    path = f"PATH={finds}:$PATH" if finds else ""
    script = f"limit=1\n{read_script('transaction.sh')}\n{path}\nlist_links {folder}\n"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return {*done.stdout.splitlines()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "units"
    (folder / "multi-user.target.wants").mkdir(parents=True)
    (folder / "a.service").write_text("")
    return folder


def use_find(tmp_path: Path, script: str | None) -> Path | None:
    if script is None:
        return None
    (tmp_path / "find").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "find").chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("name", FINDS)
def test_each_link_is_listed_with_its_target(folder: Path, tmp_path: Path, name: str) -> None:
    links = {folder / "alias.service": "a.service", folder / "multi-user.target.wants/a.service": "../a.service"}
    for path, target in links.items():
        path.symlink_to(target)
    assert list_links(folder, use_find(tmp_path, FINDS[name])) == {f"{path}\t{to}" for path, to in links.items()}


@pytest.mark.parametrize("name", FINDS)
def test_a_folder_without_links(folder: Path, tmp_path: Path, name: str) -> None:
    assert list_links(folder, use_find(tmp_path, FINDS[name])) == set()
