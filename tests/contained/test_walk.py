"""Walks through a folder: sorted, along no link, and with an end."""

import os
from pathlib import Path

import pytest

from qtctl.contained import walk
from qtctl.contained.folder import Folder
from qtctl.contained.walk import Walk
from qtctl.errors import InputError


def paths(folder: Path) -> list[str]:
    with Folder.open(folder) as root:
        return [entry.path for entry in Walk(root, skipped=(".git",)).list_entries()]


def test_links_are_entries_and_no_ways(tmp_path: Path) -> None:
    (tmp_path / "b/c").mkdir(parents=True)
    (tmp_path / ".git/x").mkdir(parents=True)
    (tmp_path / "b/c/file").touch()
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b/loop").symlink_to("..")
    assert paths(tmp_path) == [".git", "a", "b", "b/c", "b/c/file", "b/loop"]


def test_a_folder_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(walk.MAX_DEPTH + 5):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    with pytest.raises(InputError, match="folders more than 64 deep"):
        paths(tmp_path)
    monkeypatch.setattr(walk, "MAX_ENTRIES", 10)
    with pytest.raises(InputError, match="more than 10 files and folders"):
        paths(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_what_cannot_be_looked_into_is_told(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed/x").touch()
    (tmp_path / "z").touch()
    with Folder.open(tmp_path) as root:
        os.seteuid(65534)
        try:
            found = [(entry.path, entry.problem) for entry in Walk(root).list_entries()]
        finally:
            os.seteuid(0)
    assert found == [("closed", ""), ("closed", "Permission denied"), ("z", "")]
