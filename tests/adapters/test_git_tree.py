"""A registry at an earlier commit, from a real git repository: its blobs as they are, and nothing is run or fetched."""

import subprocess
from pathlib import Path

import pytest

from qtctl.adapters import git_tree
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


def test_no_filter_of_the_repository_is_run(checkout: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (checkout / ".gitattributes").write_text("*.toml filter=evil export-subst\n")
    git(checkout, "config", "filter.evil.smudge", f"touch {ran}; cat")
    git(checkout, "config", "core.fsmonitor", f"touch {ran}")
    assert read_files_at(checkout, git(checkout, "rev-parse", "HEAD")) is not None
    assert not ran.exists()


def test_more_than_a_registry_may_have_is_not_read(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setattr(git_tree, "LARGEST_BELOW", 5)
    assert read_files_at(checkout, commit) is None


def test_a_missing_object_is_not_fetched(checkout: Path, tmp_path: Path) -> None:
    """As in a clone without all blobs: its origin is not asked."""
    commit, blob = git(checkout, "rev-parse", "HEAD"), git(checkout, "rev-parse", "HEAD:./fleet.toml")
    asked = tmp_path / "asked"
    git(checkout, "config", "remote.origin.url", f"ext::sh -c 'touch {asked}'")
    git(checkout, "config", "remote.origin.promisor", "true")
    git(checkout, "config", "extensions.partialClone", "origin")
    git(checkout, "config", "protocol.ext.allow", "always")
    objects = Path(git(checkout, "rev-parse", "--absolute-git-dir"), "objects")
    (objects / blob[:2] / blob[2:]).unlink()
    assert read_files_at(checkout, commit) is None
    assert not asked.exists()
