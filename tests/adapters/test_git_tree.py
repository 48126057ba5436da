"""The registry of a commit is what reading its folder gives, and no program that the checkout names is run."""

import stat
import subprocess
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry
from qtctl.adapters.git import read_commit
from qtctl.adapters.git_tree import list_staged, read_registry_at
from qtctl.errors import InputError
from tests.gates.desk import commit, git


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    registry = folder / "deep/registry"
    (registry / "services").mkdir(parents=True)
    (registry / "locks").mkdir()
    (registry / "fleet.toml").write_text('name = "ü"\r\n')
    (registry / "services/api.toml").write_text("a = 1\n")
    (registry / "services/b.toml").symlink_to("api.toml")
    (registry / "locks/main.txt").write_text("x==1\n")
    (registry / ".#lock.toml").symlink_to("ann@desk.1234")
    (registry / "notes.md").write_text("not read\n")
    (folder / ".gitattributes").write_text("*.toml text eol=crlf filter=evil\n")
    git(tmp_path, "init", "-q", str(folder))
    commit(folder)
    return folder


def test_it_is_what_the_folder_holds(checkout: Path) -> None:
    registry = checkout / "deep/registry"
    found = read_registry_at("HEAD", registry)
    assert found.commit == git(checkout, "rev-parse", "HEAD")
    here = {path: content.replace(b"\r\n", b"\n") for path, content in read_registry(registry).items()}
    assert dict(found.files) == here
    assert [*found.files] == [*here]


def test_an_earlier_commit_and_one_beside_it(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    (checkout / "deep/registry/fleet.toml").write_text("b")
    git(checkout, "checkout", "-qb", "feature/x")
    commit(checkout)
    for name in (first, first[:12], "HEAD~1", "feature/x^"):
        assert b"\xc3\xbc" in read_registry_at(name, checkout / "deep/registry").files["fleet.toml"]
    assert read_registry_at("feature/x", checkout / "deep/registry").files["fleet.toml"] == b"b"


def test_submodules_beside_it_do_not_matter(checkout: Path) -> None:
    git(checkout, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    git(checkout, "commit", "-qm", "submodule")
    assert "fleet.toml" in read_registry_at("HEAD", checkout / "deep/registry").files


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        ("", "is not the name of a commit"),
        ("--upload-pack=x", "is not the name of a commit"),
        ("HEAD\nHEAD", "is not the name of a commit"),
        ("x" * 300, "is not the name of a commit"),
        ("nowhere", "there is no commit nowhere"),
        ("0" * 40, "there is no commit 000"),
        ("HEAD:deep/registry/fleet.toml", "there is no commit"),
        ("HEAD HEAD", "there is no commit"),
    ],
)
def test_what_is_no_commit_is_said(checkout: Path, ref: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_registry_at(ref, checkout / "deep/registry")


def test_what_is_no_checkout_and_a_folder_that_was_not_there(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a git repository"):
        read_registry_at("HEAD", tmp_path)
    (checkout / "new").mkdir()
    with pytest.raises(InputError, match="there is no tree"):
        read_registry_at("HEAD", checkout / "new")


@pytest.mark.parametrize("target", ["../../../../etc/passwd.toml", "/etc/passwd", "loop.toml", "missing.toml"])
def test_a_link_that_leads_nowhere_is_an_error(checkout: Path, target: str) -> None:
    (checkout / "deep/registry/loop.toml").symlink_to(target)
    commit(checkout)
    with pytest.raises(InputError, match="leads to no file of the registry"):
        read_registry_at("HEAD", checkout / "deep/registry")


def test_more_than_a_registry_may_have_is_refused(checkout: Path) -> None:
    (checkout / "deep/registry/big.toml").write_bytes(b"#" * (5 << 20))
    commit(checkout)
    with pytest.raises(InputError, match="larger than a registry may be"):
        read_registry_at("HEAD", checkout / "deep/registry")


def _arm(checkout: Path, tmp_path: Path) -> Path:
    """Everything in a configuration that names a program names this one."""
    mark, trap = tmp_path / "ran", tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {mark}\nexit 1\n")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    for key in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.gitProxy", "core.askPass",
        "diff.external", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv",
        "credential.helper", "gpg.program", "uploadpack.packObjectsHook", "alias.cat-file", "alias.ls-files",
        "alias.rev-parse", "trace2.normalTarget",
    ):  # fmt: skip
        git(checkout, "config", key, str(trap))
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).symlink_to(trap)
    git(checkout, "config", "core.hooksPath", str(hooks))
    git(checkout, "config", "remote.origin.url", f"ext::{trap} %S")
    git(checkout, "config", "remote.origin.promisor", "true")
    git(checkout, "config", "remote.origin.uploadpack", str(trap))
    git(checkout, "config", "extensions.partialClone", "origin")
    for name in ("allow", "ext.allow", "file.allow"):
        git(checkout, "config", f"protocol.{name}", "always")
    mark.unlink(missing_ok=True)
    return mark


def test_nothing_that_the_configuration_names_is_run(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = _arm(checkout, tmp_path)
    registry = checkout / "deep/registry"
    index = (checkout / ".git/index").stat().st_mtime_ns
    assert read_registry_at("HEAD", registry).files
    with pytest.raises(InputError, match="there is no commit"):
        read_registry_at("1" * 40, registry)
    monkeypatch.chdir(checkout)
    assert list_staged("deep")
    assert not mark.exists()
    assert (checkout / ".git/index").stat().st_mtime_ns == index


def test_an_object_that_is_to_be_fetched_is_not(checkout: Path, tmp_path: Path) -> None:
    """A partial clone lacks objects, and git of itself runs the program that is to fetch them."""
    registry = checkout / "deep/registry"
    blob = git(checkout, "rev-parse", "HEAD:deep/registry/fleet.toml")
    mark = _arm(checkout, tmp_path)
    (checkout / ".git/objects" / blob[:2] / blob[2:]).unlink()
    subprocess.run(["git", "-C", str(checkout), "cat-file", "-p", blob], capture_output=True, check=False, timeout=20)
    assert mark.exists(), "git as it is springs the trap"
    mark.unlink()
    with pytest.raises(InputError, match="there is no blob"):
        read_registry_at("HEAD", registry)
    assert not mark.exists()


def test_a_repository_that_lies_in_the_checkout_is_not_asked(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger may commit the files of a bare repository, configuration and all, as those of a registry."""
    registry, mark = checkout / "deep/registry", tmp_path / "ran"
    git(tmp_path, "init", "-q", "--bare", str(tmp_path / "inner"))
    for name in ("HEAD", "config", "objects", "refs"):
        (tmp_path / "inner" / name).rename(registry / name)
    (registry / "config").write_text(
        f'[core]\nrepositoryformatversion = 0\nbare = false\nworktree = {registry}\nfsmonitor = "touch {mark}; false"\n'
    )
    subprocess.run(["git", "-C", str(registry), "status"], capture_output=True, check=False)
    assert mark.exists(), "git as it is springs the trap"
    mark.unlink()
    with pytest.raises(InputError, match=r"safe\.bareRepository"):
        read_registry_at("HEAD", registry)
    assert "safe.bareRepository" in read_commit(registry).problem
    monkeypatch.chdir(registry)
    with pytest.raises(InputError, match=r"safe\.bareRepository"):
        list_staged(".")
    assert not mark.exists()


def test_a_damaged_object_is_not_believed(checkout: Path) -> None:
    registry = checkout / "deep/registry"
    names = ("fleet.toml", "services/api.toml")
    id_, other = (git(checkout, "rev-parse", f"HEAD:deep/registry/{name}") for name in names)
    git(checkout, "replace", id_, other)
    assert b"\xc3\xbc" in read_registry_at("HEAD", registry).files["fleet.toml"]
    path = checkout / ".git/objects" / id_[:2] / id_[2:]
    path.chmod(0o644)
    path.write_bytes((checkout / ".git/objects" / other[:2] / other[2:]).read_bytes())
    with pytest.raises(InputError, match=r"damaged|there is no blob"):
        read_registry_at("HEAD", registry)


def test_without_a_checkout_nothing_is_staged_and_without_git_that_is_said(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list_staged("deep") is None
    monkeypatch.chdir(checkout / "deep")
    assert list_staged("registry/services") == {
        "registry/services/api.toml": _blob(checkout, "api"),
        "registry/services/b.toml": _blob(checkout, "b"),
    }
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git could not be run"):
        list_staged("registry")


def _blob(checkout: Path, name: str) -> str:
    return git(checkout, "rev-parse", f"HEAD:deep/registry/services/{name}.toml")


def test_an_index_of_a_hook_is_the_one_that_counts(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git commit FILE` commits another index than that of the checkout."""
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("GIT_INDEX_FILE", str(checkout / ".git/next"))
    assert list_staged("deep") == {}


def test_variables_of_git_lead_nowhere_else(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE", "GIT_CEILING_DIRECTORIES"):
        monkeypatch.setenv(name, "/nowhere")
    assert read_registry_at("HEAD", checkout / "deep/registry").files
