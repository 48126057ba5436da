"""Which commit a registry is at, from git itself."""

import subprocess
from pathlib import Path

import pytest

from qtctl.adapters.git import read_commit
from qtctl.model.trail import Commit


def git(folder: Path, *argv: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    done = subprocess.run(["git", "-C", str(folder), *who, *argv], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    folder = tmp_path / "registry"
    folder.mkdir()
    (folder / "fleet.toml").write_text("a")
    (tmp_path / "README").write_text("a")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    return folder


def test_a_clean_folder_is_at_its_commit_whatever_changed_beside_it(registry: Path) -> None:
    (registry.parent / "README").write_text("b")
    assert read_commit(registry) == Commit(git(registry, "rev-parse", "HEAD"), dirty=False)


@pytest.mark.parametrize("change", ["edited", "new", "staged"])
def test_what_differs_from_it_makes_it_dirty(registry: Path, change: str) -> None:
    (registry / ("new.toml" if change == "new" else "fleet.toml")).write_text("b")
    if change == "staged":
        git(registry, "add", "-A")
    assert read_commit(registry) == Commit(git(registry, "rev-parse", "HEAD"), dirty=True)


def test_no_repository_and_no_commit_are_said(tmp_path: Path) -> None:
    assert "not a git repository" in read_commit(tmp_path).problem
    git(tmp_path, "init", "-q")
    assert read_commit(tmp_path).problem == "it has no commit yet"


def test_variables_of_git_lead_nowhere_else(registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert read_commit(registry).commit


def test_nothing_that_the_checkout_names_is_run_and_nothing_is_written(registry: Path, tmp_path: Path) -> None:
    canary = tmp_path.parent / f"{tmp_path.name}.ran"
    git(registry, "config", "core.fsmonitor", f"touch {canary}; false")
    index = (registry.parent / ".git/index").stat().st_mtime_ns
    assert read_commit(registry).commit
    assert not canary.exists()
    assert (registry.parent / ".git/index").stat().st_mtime_ns == index


def test_without_git_it_is_unknown_and_said(registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = read_commit(registry)
    assert (found.commit, found.dirty) == ("", None)
    assert "git could not be run" in found.problem
