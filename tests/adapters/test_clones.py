"""Code is packed from a real clone: exactly the files of the commit, whatever the clone's configuration says."""

import gzip
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from qtctl.adapters.clones import pack_commit
from qtctl.errors import DeployRefused


def git(folder: Path, *words: str) -> str:
    argv = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(folder), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "pkg").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "main.py").write_text("print('$Format:%H$')\r\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "pkg" / "ü name.py").write_bytes(b"x = 1\n")
    (folder / "latest").symlink_to("pkg")
    (folder / ".gitattributes").write_text("main.py export-subst text\npkg export-ignore\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def head(clone: Path) -> str:
    return git(clone, "rev-parse", "HEAD")


def members(packed: bytes) -> dict[str, tuple[str, int, bytes]]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
        for each in archive:
            stream = archive.extractfile(each) if each.isreg() else None
            content = stream.read() if stream else each.linkname.encode()
            found[each.name] = ("link" if each.issym() else "dir" if each.isdir() else "file", each.mode, content)
    return found


def test_every_file_is_as_git_has_it_and_no_attribute_changes_that(clone: Path) -> None:
    packed = pack_commit(clone, head(clone))
    found = members(packed)
    assert found["main.py"] == ("file", 0o644, git_blob(clone, "main.py"))
    assert b"$Format:%H$" in found["main.py"][2]
    assert found["run.sh"][:2] == ("file", 0o755)
    assert found["pkg/ü name.py"] == ("file", 0o644, b"x = 1\n")
    assert found["latest"] == ("link", 0o644, b"pkg")
    assert pack_commit(clone, head(clone)) == packed


def git_blob(clone: Path, path: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(clone), "cat-file", "blob", f"HEAD:{path}"], capture_output=True, check=True
    ).stdout


def test_a_bare_clone_serves_and_what_is_not_committed_does_not_count(clone: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(clone), str(bare))
    expected = pack_commit(bare, head(clone))
    (clone / "main.py").write_text("changed")
    (clone / "new.py").write_text("new")
    git(clone, "add", "new.py")
    assert pack_commit(clone, head(clone)) == expected


def replace_object(clone: Path) -> str:
    """refs/replace makes git show another commit under the id of the declared one."""
    commit = head(clone)
    (clone / "main.py").write_text("evil")
    git(clone, "commit", "-qam", "evil")
    git(clone, "replace", commit, head(clone))
    return commit


def test_objects_that_are_replaced_in_the_clone_are_not_followed(clone: Path) -> None:
    expected = git_blob(clone, "main.py")
    assert members(pack_commit(clone, replace_object(clone)))["main.py"][2] == expected


def damage(clone: Path) -> str:
    """A blob whose file says something else: git itself notices, and so do we where it does not."""
    blob = git(clone, "rev-parse", "HEAD:run.sh")
    other = git(clone, "rev-parse", "HEAD:main.py")
    source, target = (clone / f".git/objects/{each[:2]}/{each[2:]}" for each in (other, blob))
    target.chmod(0o644)
    target.write_bytes(source.read_bytes())
    return head(clone)


def no_commit(clone: Path) -> str:
    assert clone.is_dir()
    return "0" * 40


def tree_as_commit(clone: Path) -> str:
    return git(clone, "rev-parse", "HEAD^{tree}")


def submodule(clone: Path) -> str:
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{head(clone)},sub")
    git(clone, "commit", "-q", "-m", "sub")
    return head(clone)


def lfs(clone: Path) -> str:
    (clone / "model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "lfs")
    return head(clone)


def tree_of(clone: Path, *entries: bytes) -> str:
    """A commit of a tree that `git add` would not make."""
    done = subprocess.run(
        ["git", "-C", str(clone), "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        input=b"".join(entries), capture_output=True, check=True,
    )  # fmt: skip
    return git(clone, "commit-tree", done.stdout.decode().strip(), "-m", "x")


def upwards(clone: Path) -> str:
    blob = bytes.fromhex(git(clone, "rev-parse", "HEAD:run.sh"))
    return tree_of(clone, b"100644 ..\0" + blob)


def twice(clone: Path) -> str:
    """A link and a folder of one name: what is unpacked below the folder would go where the link leads."""
    link = subprocess.run(
        ["git", "-C", str(clone), "hash-object", "-w", "--stdin"], input=b"/etc", capture_output=True, check=True
    ).stdout.decode()
    tree = git(clone, "rev-parse", "HEAD:pkg")
    return tree_of(clone, b"120000 a\0" + bytes.fromhex(link.strip()), b"40000 a\0" + bytes.fromhex(tree))


REFUSED = {
    no_commit: "it has no commit 000000000000",
    tree_as_commit: "it has no commit",
    damage: "damaged|missing|mismatch|it has no blob",
    submodule: "sub is a submodule",
    lfs: "model.bin is kept by git lfs",
    upwards: r"a file named b'..' cannot be unpacked",
    twice: "the same name twice",
}


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.__name__)
def test_what_is_not_that_commit_or_cannot_be_unpacked_is_refused(clone: Path, case: object) -> None:
    assert callable(case)
    with pytest.raises(DeployRefused, match=f"nothing was changed: .*({REFUSED[case]})"):
        pack_commit(clone, case(clone))


def test_no_program_that_the_clone_names_is_run(clone: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    trap.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "filter.x.smudge",
        "tar.tar.gz.command",
        "core.pager",
        "gpg.program",
    ):
        git(clone, "config", key, str(trap))
    git(clone, "config", "uploadpack.packObjectsHook", str(trap))
    (clone / ".git/info/attributes").write_text("* filter=x\n")
    pack_commit(clone, head(clone))
    assert not (tmp_path / "ran").exists()


def test_a_folder_that_is_no_clone_says_so(tmp_path: Path) -> None:
    for folder in (tmp_path / "nothing", tmp_path):
        with pytest.raises(DeployRefused, match=r"nothing was changed: .*(not a git clone|not a git repository)"):
            pack_commit(folder, "a" * 40)


def test_nothing_is_fetched_that_the_clone_lacks(clone: Path, tmp_path: Path) -> None:
    """A partial clone: git of itself runs what its configuration names to fetch the rest."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    trap.chmod(0o755)
    commit, blob = head(clone), git(clone, "rev-parse", "HEAD:run.sh")
    for key, value in (
        ("remote.origin.url", f"ext::{trap} %S"),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("protocol.ext.allow", "always"),
    ):
        git(clone, "config", key, value)
    (clone / ".git/objects" / blob[:2] / blob[2:]).unlink()
    subprocess.run(["git", "-C", str(clone), "cat-file", "-p", blob], capture_output=True, check=False, timeout=20)
    assert (tmp_path / "ran").exists(), "git as it is springs the trap"
    (tmp_path / "ran").unlink()
    with pytest.raises(DeployRefused):
        pack_commit(clone, commit)
    assert not (tmp_path / "ran").exists()
