"""Wheel and sdist: the same bytes wherever they are built, complete, and without anything else."""

import email
import hashlib
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from qtctl.version import VERSION
from tests.docs.pages import ROOT
from tests.gates.desk import git
from tests.release.building import ON_DEMAND, WHY_NOT, build, load_hook

Built = dict[str, Path]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_clones_give_the_same_bytes(source: Path, built: Built, tmp_path: Path) -> None:
    """In another folder, with another umask, and with files that were made at another time."""
    other = tmp_path / "a/longer/path"
    subprocess.run(["git", "clone", "-q", str(source), str(other)], umask=0o077, check=True)
    for file in other.rglob("*"):
        os.utime(file, (1, 1_000_000_000), follow_symlinks=False)
    again = build(other, tmp_path / "out", "sdist", "wheel", umask=0o077)
    assert {path.name: digest(path) for path in again.values()} == {path.name: digest(path) for path in built.values()}


def test_the_sdist_builds_the_same_wheel(built: Built, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xzf", str(built[".gz"]), "-C", str(tmp_path)], check=True)
    again = build(tmp_path / f"qtctl-{VERSION}", tmp_path / "out", "wheel")
    assert digest(again[".whl"]) == digest(built[".whl"])


def test_the_sdist_has_what_the_wheel_is_made_of_and_nothing_else(source: Path, built: Built) -> None:
    with tarfile.open(built[".gz"]) as archive:
        names = {name.removeprefix(f"qtctl-{VERSION}/") for name in archive.getnames()}
    of_git = set(git(source, "ls-files").splitlines())
    # The shipped registry and templates are linked into the package; an sdist has them as files.
    linked = {name for name in names if (source / name).resolve().relative_to(source.resolve()).as_posix() in of_git}
    assert names - linked == {"PKG-INFO"}
    aside = {name for name in names if not name.startswith("qtctl/")}
    assert aside - {name for name in names if name.startswith((".packaging/", "docs/completion/"))} == {
        ".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "docs/qtctl.1", "pyproject.toml",
    }  # fmt: skip
    assert {name for name in of_git if name.startswith(("qtctl/", ".packaging/"))} <= names | {
        "qtctl/data/registry",
        "qtctl/data/unit_templates",
    }


def test_the_wheel_has_licence_manual_page_completions_and_only_modules(built: Built) -> None:
    names = zipfile.ZipFile(built[".whl"]).namelist()
    data = f"qtctl-{VERSION}.data/data/share"
    assert {name for name in names if not name.startswith("qtctl/")} == {
        f"qtctl-{VERSION}.dist-info/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    } | {
        f"{data}/man/man1/qtctl.1", f"{data}/bash-completion/completions/qtctl", f"{data}/zsh/site-functions/_qtctl",
        f"{data}/fish/vendor_completions.d/qtctl.fish",
    }  # fmt: skip
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".orig", "~"))]


def test_the_metadata_is_complete(built: Built) -> None:
    said = email.message_from_bytes(zipfile.ZipFile(built[".whl"]).read(f"qtctl-{VERSION}.dist-info/METADATA"))
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (said["Name"], said["Version"], said["License-Expression"]) == ("qtctl", VERSION, "MIT")
    assert said["Requires-Python"] == ">=3.11"
    assert said["Summary"] == declared["description"]
    assert said["Description-Content-Type"] == "text/markdown"
    assert said.get_all("License-File") == ["LICENSE"]
    assert set(said.get_all("Provides-Extra", [])) == {"dask", "notify", "pydbus"}
    assert set(said.get_all("Classifier", [])) == set(declared["classifiers"])
    assert {each.partition(",")[0] for each in said.get_all("Project-URL", [])} == {
        "Homepage", "Documentation", "Repository", "Changelog", "Issues", "Security",
    }  # fmt: skip


def test_one_file_states_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]
    (locked,) = [each for each in tomllib.loads((ROOT / "uv.lock").read_text())["package"] if each["name"] == "qtctl"]
    assert "version" not in locked


def test_the_wheel_names_its_commit(source: Path, built: Built, tmp_path: Path) -> None:
    commit = git(source, "rev-parse", "HEAD")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(built[".whl"]), str(tmp_path)], check=True)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "qtctl", "--version"], cwd="/", capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout == f"qtctl {VERSION} (commit {commit})\n"


def test_what_the_build_knows_of_its_source(source: Path, tmp_path: Path) -> None:
    find = load_hook().find_source
    commit, seconds = git(source, "log", "-1", "--format=%H %ct").split()
    assert find(source) == (commit, seconds, False)
    archive = subprocess.run(["git", "-C", str(source), "archive", "HEAD"], capture_output=True, check=True).stdout
    (tmp_path / "archive").mkdir()
    subprocess.run(["tar", "-x", "-C", str(tmp_path / "archive")], input=archive, check=True)
    assert find(tmp_path / "archive") == (commit, seconds, False)
    changed = tmp_path / "changed"
    subprocess.run(["git", "clone", "-q", str(source), str(changed)], check=True)
    (changed / "note").write_text("beside it\n")
    assert find(changed) == (commit, seconds, False)
    (changed / "qtctl/more.py").write_text("")
    assert find(changed) == (commit, seconds, True)
    (changed / ".git").rename(tmp_path / "away")
    assert find(changed) == ("", "", False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another account")
def test_git_is_not_run_in_a_checkout_of_another_account(source: Path, tmp_path: Path) -> None:
    """Its config names a program that `git status` runs."""
    theirs = tmp_path / "theirs"
    subprocess.run(["git", "clone", "-q", str(source), str(theirs)], check=True)
    ran = tmp_path / "ran"
    git(theirs, "config", "core.fsmonitor", f"touch {ran} #")
    assert load_hook().find_source(theirs)[0]
    assert ran.exists(), "as the owner's own git does"
    ran.unlink()
    os.chown(theirs / ".git", 4242, 4242)
    assert load_hook().find_source(theirs) == ("", "", False)
    assert not ran.exists()


@pytest.mark.skipif(not ON_DEMAND, reason=WHY_NOT)
def test_twine_accepts_both(built: Built) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    argv = [uv, "tool", "run", "--from", "twine", "twine", "check", "--strict", *map(str, built.values())]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2
