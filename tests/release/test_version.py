"""What `qtctl --version` says: the commit is read from files, and never by git."""

import subprocess
from pathlib import Path

import pytest

from qtctl import version
from tests.gates.desk import git


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def test_of_checkouts(checkout: Path, tmp_path: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    assert version.read_head(checkout) == commit
    git(checkout, "pack-refs", "--all")
    assert not (checkout / ".git/refs/heads/main").exists()
    assert version.read_head(checkout) == commit
    git(checkout, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    git(tmp_path / "side", "commit", "-q", "--allow-empty", "-m", "second")
    assert version.read_head(tmp_path / "side") == git(tmp_path / "side", "rev-parse", "HEAD") != commit
    git(checkout, "checkout", "-q", "--detach")
    assert version.read_head(checkout) == commit


HEADS = {
    "nothing": None, "empty": "", "no commit": "f00\n", "a way out": "ref: refs/../../../secret\n",
    "another file": "ref: ../secret\n", "missing": "ref: refs/heads/gone\n", "bytes": "\udcff\udcfe",
}  # fmt: skip


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_of_what_is_no_checkout(head: str | None, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a" * 40)
    (tmp_path / "c/.git").mkdir(parents=True)
    if head is not None:
        (tmp_path / "c/.git/HEAD").write_text(head, errors="surrogateescape")
    assert version.read_head(tmp_path / "c") == ""


def test_no_program_is_run(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    commit = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setattr(subprocess, "Popen", refuse)
    (checkout / "qtctl").mkdir()
    monkeypatch.setattr(version, "__file__", str(checkout / "qtctl/version.py"))
    assert version.describe_version() == f"qtctl {version.VERSION} (commit {commit}, a checkout)"
    (checkout / "qtctl" / version.COMMIT_FILE).write_text("abc, with changes\n")
    assert version.describe_version() == f"qtctl {version.VERSION} (commit abc, with changes)"


def test_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "qtctl").mkdir()
    monkeypatch.setattr(version, "__file__", str(tmp_path / "qtctl/version.py"))
    assert version.describe_version() == f"qtctl {version.VERSION} (unknown commit)"
