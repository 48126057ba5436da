"""What a host notes of its commit is only a text: where it names no commit with a registry, there is none."""

import subprocess
from pathlib import Path

import pytest

from qtctl.adapters.git_tree import read_files_at


def git(folder: Path, *argv: str) -> str:
    who = ("-c", "user.name=ops", "-c", "user.email=ops@example.org")
    done = subprocess.run(["git", "-C", str(folder), *who, *argv], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A registry in a folder of a repository, committed once, and changed since."""
    registry = tmp_path / "ops" / "registry"
    for path, text in (
        ("fleet.toml", b'name = "x"\r\n'),
        ("services/a b.toml", b"\xc3\xa4\n\n"),
        ("locks/main.txt", b"pip==1\n"),
        ("README.md", b"not of a registry\n"),
        ("services/empty.toml", b""),
    ):
        (registry / path).parent.mkdir(parents=True, exist_ok=True)
        (registry / path).write_bytes(text)
    (registry / "link.toml").symlink_to("fleet.toml")
    (tmp_path / "ops" / "above.toml").write_text("beside the registry\n")
    git(tmp_path / "ops", "init", "-q")
    git(tmp_path / "ops", "-c", "core.autocrlf=false", "add", ".")
    git(tmp_path / "ops", "commit", "-qm", "first")
    (registry / "fleet.toml").write_bytes(b"changed\n")
    return registry


def test_the_files_as_the_commit_has_them(checkout: Path) -> None:
    found = read_files_at(checkout, git(checkout, "rev-parse", "HEAD"))
    assert found == {
        "fleet.toml": b'name = "x"\r\n',
        "link.toml": b'name = "x"\r\n',
        "locks/main.txt": b"pip==1\n",
        "services/a b.toml": b"\xc3\xa4\n\n",
        "services/empty.toml": b"",
    }


@pytest.mark.parametrize("commit", ["", "--help", "0" * 40, "a" * 39, "0" * 39 + "\n", "../x", "a\nb"])
def test_what_names_no_commit_here_gives_nothing(checkout: Path, commit: str) -> None:
    assert read_files_at(checkout, commit) is None


def test_a_folder_that_is_in_no_repository_or_not_in_the_commit(checkout: Path, tmp_path: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    assert read_files_at(tmp_path, commit) is None
    (checkout.parent / "new").mkdir()
    assert read_files_at(checkout.parent / "new", commit) is None
