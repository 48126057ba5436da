"""Checkouts that git made, read as files by an ordinary user; git says whether that is right."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.model.code_facts import Checkout
from qtctl.model.evidence import Need, State
from qtctl.probes.answer import Answer
from qtctl.probes.batch import make_script
from qtctl.probes.checkouts import probe
from tests.dialects.git.repository import git, repository
from tests.probes.host import NOBODY, ask, frame

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """A clean checkout that an ordinary user may read."""
    for parent in (tmp_path, *tmp_path.parents[:-1]):
        parent.chmod(parent.stat().st_mode | 0o011)
    made = repository(tmp_path / "code [1]")
    _settle(made)
    return made


def _settle(where: Path) -> None:
    """Everything is older than the index, as on a host that was deployed to yesterday."""
    for path in where.rglob("*"):
        if ".git" not in path.parts:
            os.utime(path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)
    git(where, "update-index", "-q", "--really-refresh")


def answer(where: Path) -> Answer:
    (found,) = ask(probe([Need("checkout", str(where))]), NOBODY)
    return found


def seen(where: Path) -> Checkout:
    value = answer(where).value
    assert isinstance(value, Checkout), answer(where)
    return replace(value, folders=None)


def put_back(path: Path, text: str) -> None:
    before = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(before, before))


def link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def test_a_clean_checkout(where: Path) -> None:
    head = git(where, "rev-parse", "HEAD")
    assert seen(where) == Checkout(True, "root", head, "refs/heads/main", 9, {}, 0, staged=False)
    git(where, "gc", "-q")
    git(where, "pack-refs", "--all")
    assert not (where / ".git/refs/heads/main").exists()
    assert seen(where) == Checkout(True, "root", head, "refs/heads/main", 9, {}, 0, staged=False)
    git(where, "checkout", "-q", "--detach")
    assert (seen(where).head, seen(where).ref) == (head, "")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda it: (it / "README").write_text("read it\n"),
    "content of the same size, times put back": lambda it: put_back(it / "README", "READ ME\n"),
    "size": lambda it: (it / "app/main.py").write_text("print(12)\n"),
    "missing": lambda it: (it / "app/deep/er/x.py").unlink(),
    "folder missing": lambda it: (it / "app").rename(it / "gone"),
    "file in place of a link": lambda it: (it / "app.py").replace(it / "current"),
    "link elsewhere": lambda it: link(it / "current", "app.py"),
    "link in place of a file": lambda it: link(it / "zeta", "README"),
    "mode": lambda it: (it / "bin/run").chmod(0o644),
    "touched, with an odd name": lambda it: (it / "app-data/a b\tc").touch(),
    "changed, with an odd name": lambda it: (it / "app-data/a b\tc").write_text("new\n"),
    "touched": lambda it: (it / "README").touch(),
    "written anew": lambda it: (it / "README").write_text("read me\n"),
    "untracked": lambda it: (it / "more").write_text("x"),
    "mode that git ignores": lambda it: (it / "README").chmod(0o600 | 0o044),
    "owner": lambda it: os.chown(it / "README", 65534, 65534),
    "folder of logs closed to others": lambda it: (it / "logs").mkdir(mode=0o700),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_git_calls_changed_is_found_and_nothing_else(where: Path, change: str) -> None:
    CHANGES[change](where)
    found = seen(where)
    assert found.unsure == ""
    git(where, "read-tree", "HEAD")  # git forgets how files looked, and reads all of them
    listed = git(where, "-c", "core.quotePath=false", "diff", "--name-only", "-z").split("\0")
    assert sorted(found.changed or {}) == sorted(filter(None, listed))
    assert found.changes == len(found.changed or {})
    assert found.staged is False


def test_the_ids_of_both_contents_are_shown(where: Path) -> None:
    (where / "README").write_text("other\n")
    wanted = ["content", git(where, "rev-parse", "HEAD:README"), git(where, "hash-object", "README")]
    assert seen(where).changed == {"README": wanted}


def test_staged_and_committed_changes(where: Path) -> None:
    first = git(where, "rev-parse", "HEAD")
    (where / "README").write_text("other\n")
    git(where, "add", "README")
    _settle(where)
    found = seen(where)
    assert (found.head, found.changed, found.staged) == (first, {}, True)
    git(where, "gc", "-q", "--prune=now")
    assert seen(where).staged is True
    git(where, "commit", "-q", "-m", "second")
    found = seen(where)
    assert (found.head, found.changed, found.staged) == (git(where, "rev-parse", "HEAD"), {}, False)
    git(where, "reset", "-q", "--soft", first)
    assert (seen(where).head, seen(where).staged) == (first, True)


def test_flags_do_not_hide_a_change(where: Path) -> None:
    git(where, "update-index", "--assume-unchanged", "README")
    git(where, "update-index", "--skip-worktree", "zeta", "app.py")
    (where / "README").write_text("other\n")
    (where / "zeta").write_text("other\n")
    (where / "app.py").unlink()
    assert sorted(seen(where).changed or {}) == ["README", "zeta"]


def test_worktrees_submodules_and_what_is_no_checkout(where: Path, tmp_path: Path) -> None:
    git(where, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side/README").write_text("other\n")
    side = seen(tmp_path / "side")
    assert (side.ref, sorted(side.changed or {})) == ("refs/heads/side", ["README"])
    git(where, "submodule", "--quiet", "add", str(where), "sub")
    (where / "sub/README").write_text("other\n")
    found = seen(where)
    assert (found.submodules, found.changed, found.staged) == (1, {}, True)
    (tmp_path / "plain").mkdir()
    assert seen(tmp_path / "plain") == Checkout(False, "root")
    (tmp_path / "file").touch()
    assert answer(tmp_path / "file").state is State.ABSENT
    assert answer(tmp_path / "none").state is State.ABSENT
    (tmp_path / "shut").mkdir(mode=0o700)
    assert (answer(tmp_path / "shut").state, answer(tmp_path / "shut").reason) == (State.REFUSED, "Permission denied")


def test_what_cannot_be_read_is_unsure(where: Path) -> None:
    (where / "README").write_text("other\n")
    (where / "README").chmod(0o600)
    assert seen(where).unsure == "README looks changed, and what is in it could not be read"
    (where / "README").chmod(0o644)
    (where / "app").chmod(0o700)
    assert "could not be read" in seen(where).unsure
    (where / "app").chmod(0o755)
    (where / ".gitattributes").write_text("* filter=lfs\n")
    assert "git converts content" in seen(where).unsure
    git(where, "update-index", "--split-index")
    assert "split index" in seen(where).unsure
    (where / ".git/index").chmod(0o600)
    assert "the index cannot be read" in seen(where).unsure
    (where / ".git").chmod(0o700)
    assert answer(where).state is State.REFUSED


def test_nothing_outside_is_read_for_a_checkout_that_says_so(where: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    (where / ".git/HEAD").write_text("ref: refs/../../../secret\n")
    assert seen(where).head == ""
    (where / ".git/HEAD").unlink()
    (where / ".git/HEAD").symlink_to(tmp_path / "secret")
    assert seen(where).head == ""
    (where / ".git/index").unlink()
    (where / ".git/index").symlink_to(tmp_path / "secret")
    assert "hunter2" not in repr(answer(where))


def test_passwords_of_its_config_do_not_travel(where: Path) -> None:
    git(where, "config", "remote.origin.url", "https://bot:hunter2@example.org/x.git")
    git(where, "config", "url.https://bot:hunter2@example.org/.insteadOf", "x:")
    asked = probe([Need("checkout", str(where))])
    done = subprocess.run(
        ["sh", "-s"], input=make_script(asked.commands, "0" * 20).encode(), capture_output=True, check=True
    )
    assert b"hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("output", [b"", b"=\n=\n", b"=\no root\ng\nH \xff\ni 1 zz\nt %%\n", b"=\no root\ng\nH x\n"])
def test_an_answer_that_makes_no_sense_says_nothing(output: bytes) -> None:
    (found,) = probe([Need("checkout", "/srv/x")]).parse([frame(output)])
    assert found.state is State.UNPARSEABLE or (isinstance(found.value, Checkout) and found.value.unsure)
