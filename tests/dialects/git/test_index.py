"""Indexes that git writes, read as git lists them; and what is none."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.dialects.git.index import UnreadIndex, read_index
from qtctl.dialects.git.objects import compute_object_id, compute_tree_id, read_tree_of_loose, read_tree_of_packed
from tests.dialects.git.repository import git, repository


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("git") / "a")


def listed(where: Path) -> list[tuple[str, str, str, str]]:
    """Mode, id, stage and path, as git lists them."""
    rows = (row.partition("\t") for row in git(where, "ls-files", "-s", "-z").split("\0") if row)
    return [(*head.split(" "), path) for head, _, path in rows]  # type: ignore[misc]


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_entries_are_those_that_git_lists(made: Path, version: str) -> None:
    if version == "3":
        git(made, "update-index", "--skip-worktree", "app.py")
    git(made, "update-index", "--force-write-index", "--index-version", version)
    entries = read_index((made / ".git/index").read_bytes())
    seen = [(f"{each.mode:06o}", each.id, str(each.stage), each.path.decode()) for each in entries]
    assert seen == listed(made)
    assert [each.path for each in entries if each.skipped] == ([] if version == "2" else [b"app.py"])
    stats = [(made / each.path.decode()).lstat() for each in entries]
    assert [(each.size, each.mtime, each.ctime) for each in entries] == [
        (each.st_size, each.st_mtime_ns, each.st_ctime_ns) for each in stats
    ]
    assert compute_tree_id(entries) == git(made, "write-tree")


def test_staged_intended_and_unmerged_entries(tmp_path: Path) -> None:
    where = repository(tmp_path / "b")
    (where / "later").write_text("later\n")
    git(where, "add", "-N", "later")
    entries = read_index((where / ".git/index").read_bytes())
    assert [each.path for each in entries if each.intended] == [b"later"]
    assert compute_tree_id(entries) == git(where, "rev-parse", "HEAD^{tree}")
    git(where, "rm", "-q", "--cached", "later")
    git(where, "switch", "-q", "-c", "other")
    (where / "README").write_text("theirs\n")
    git(where, "commit", "-q", "-a", "-m", "theirs")
    git(where, "switch", "-q", "main")
    (where / "README").write_text("ours\n")
    git(where, "commit", "-q", "-a", "-m", "ours")
    with pytest.raises(AssertionError):
        git(where, "merge", "-q", "other")
    merged = read_index((where / ".git/index").read_bytes())
    assert sorted(each.stage for each in merged if each.path == b"README") == [1, 2, 3]
    with pytest.raises(ValueError, match="merge"):
        compute_tree_id(merged)


def test_a_commit_names_its_tree_loose_and_packed(tmp_path: Path) -> None:
    where = repository(tmp_path / "c")
    head, tree = git(where, "rev-parse", "HEAD"), git(where, "rev-parse", "HEAD^{tree}")
    loose = (where / ".git/objects" / head[:2] / head[2:]).read_bytes()
    assert read_tree_of_loose(loose) == read_tree_of_loose(loose + b"more") == tree
    blob = git(where, "rev-parse", "HEAD:README")
    with pytest.raises(ValueError, match="commit"):
        read_tree_of_loose((where / ".git/objects" / blob[:2] / blob[2:]).read_bytes())
    git(where, "gc", "-q")
    (pack,) = (where / ".git/objects/pack").glob("*.pack")
    rows = (row.split() for row in git(where, "verify-pack", "-v", str(pack)).splitlines())
    offset = next(int(row[4]) for row in rows if row[0] == head)
    assert read_tree_of_packed(pack.read_bytes()[offset:]) == tree
    for wrong in (b"", b"\xff" * 40, pack.read_bytes()):
        with pytest.raises(ValueError, match=r"commit|object"):
            read_tree_of_packed(wrong)


def test_what_is_not_read_says_so(tmp_path: Path) -> None:
    where = repository(tmp_path / "d")
    git(where, "update-index", "--split-index")
    with pytest.raises(UnreadIndex, match="split"):
        read_index((where / ".git/index").read_bytes())
    git(where, "update-index", "--no-split-index")
    git(where, "sparse-checkout", "set", "--cone", "--sparse-index", "bin")
    with pytest.raises(UnreadIndex, match="sparse"):
        read_index((where / ".git/index").read_bytes())
    (tmp_path / "e").mkdir()
    git(tmp_path / "e", "init", "-q", "--object-format=sha256")
    (tmp_path / "e/x").touch()
    git(tmp_path / "e", "add", "x")
    with pytest.raises(UnreadIndex, match="SHA-256"):
        read_index((tmp_path / "e/.git/index").read_bytes())


def test_a_blob_has_the_id_that_git_gives_it(made: Path) -> None:
    assert compute_object_id("blob", b"read me\n") == git(made, "rev-parse", "HEAD:README")


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_index_is_refused(made: Path, data: st.DataObject) -> None:
    """Its own digest is taken away, so that every part has to check itself."""
    content = bytearray((made / ".git/index").read_bytes()[:-20] + bytes(20))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 21))] = data.draw(st.integers(0, 255))
    try:
        entries = read_index(bytes(content[: data.draw(st.integers(0, len(content)))]))
    except UnreadIndex:
        return
    assert all(b".." not in each.path.split(b"/") and not each.path.startswith(b"/") for each in entries)


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_an_index_or_are_refused(content: bytes) -> None:
    try:
        read_index(b"DIRC\0\0\0\4" + content + bytes(20))
    except UnreadIndex:
        return
