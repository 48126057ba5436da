"""The files of a commit, from a git clone on this machine, as an archive.

Git only reads objects here. Each is checked against its id, starting from the declared commit: what is packed is that
commit, whatever the clone's configuration says and whoever wrote to it.
"""

import gzip
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from qtctl.contained.looking import is_folder
from qtctl.dialects.git.trees import (
    TreeEntry,
    UnreadObject,
    check_object,
    read_time_of_commit,
    read_tree,
    read_tree_of_commit,
)
from qtctl.errors import DeployRefused

MOST_BYTES = 256 << 20
MOST_FILES = 100_000
MOST_DEPTH = 60
_LFS = b"version https://git-lfs.github.com/spec/"
_LINK, _EXECUTABLE = 0o120000, 0o100755
_CONFIG = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never", "gc.auto=0")
_ENV = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
}  # fmt: skip


def pack_commit(clone: Path, commit: str) -> bytes:
    """A tar archive of its files, compressed with gzip: the same bytes for the same commit.

    DeployRefused if the clone has no such commit, if an object is damaged, or if something in it cannot be
    installed (submodules, files of LFS).
    """
    if not is_folder(clone):
        raise DeployRefused(
            f"nothing was changed: {clone} is not a git clone on this machine", hint=_describe_clone(clone)
        )
    try:
        with _open_objects(clone, commit) as objects:
            return objects.pack(commit)
    except UnreadObject as error:
        raise DeployRefused(f"nothing was changed: {clone}: {error}", hint="git fsck shows more") from error


def _describe_clone(clone: Path) -> str:
    return f"clone it there with its history: git clone --mirror REPOSITORY {clone}"


@dataclass
class _Objects:
    clone: Path
    asked: IO[bytes]
    said: IO[bytes]
    _bytes: int = field(default=0, init=False)
    _files: int = field(default=0, init=False)

    def read(self, id_: str, kind: str) -> bytes:
        self.asked.write(id_.encode() + b"\n")
        self.asked.flush()
        head = self.said.readline().split()
        if len(head) != 3 or head[1] != kind.encode():  # noqa: PLR2004 - id, kind, size
            raise _Missing(id_, kind)
        size = int(head[2])
        self._bytes += size
        if self._bytes > MOST_BYTES:
            raise UnreadObject(f"{MOST_BYTES >> 20} MiB is the most that is installed")
        content = self.said.read(size)
        self.said.read(1)
        return check_object(id_, kind, content)

    def pack(self, commit: str) -> bytes:
        text = self.read(commit, "commit")
        at = read_time_of_commit(text)
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path, entry in self._walk(read_tree_of_commit(text), b"", 0):
                _add(archive, path, entry, b"" if entry.is_folder else self._read_content(entry, path), at)
        return gzip.compress(stream.getvalue(), compresslevel=6, mtime=0)

    def _walk(self, tree: str, above: bytes, depth: int) -> Iterator[tuple[bytes, TreeEntry]]:
        if depth > MOST_DEPTH:
            raise UnreadObject("its folders are too deep")
        for entry in read_tree(self.read(tree, "tree"), len(tree) // 2):
            self._files += 1
            if self._files > MOST_FILES:
                raise UnreadObject(f"{MOST_FILES} files are the most that are installed")
            path = above + entry.name
            yield path, entry
            if entry.is_folder:
                yield from self._walk(entry.id, path + b"/", depth + 1)

    def _read_content(self, entry: TreeEntry, path: bytes) -> bytes:
        content = self.read(entry.id, "blob")
        if content.startswith(_LFS):
            name = path.decode("utf-8", "replace")
            raise UnreadObject(f"{name} is kept by git lfs, and such files cannot be installed")
        return content


class _Missing(UnreadObject):
    def __init__(self, id_: str, kind: str) -> None:
        super().__init__(f"it has no {kind} {id_[:12]}: fetch it into the clone, or declare another commit")


def _add(archive: tarfile.TarFile, path: bytes, entry: TreeEntry, content: bytes, at: int) -> None:
    header = tarfile.TarInfo(path.decode("utf-8", "surrogateescape"))
    header.mtime, header.mode = at, 0o755 if entry.is_folder or entry.mode == _EXECUTABLE else 0o644
    if entry.is_folder:
        header.type = tarfile.DIRTYPE
    elif entry.mode == _LINK:
        header.type, header.linkname = tarfile.SYMTYPE, content.decode("utf-8", "surrogateescape")
        content = b""
    header.size = len(content)
    archive.addfile(header, io.BytesIO(content))


@contextmanager
def _open_objects(clone: Path, commit: str) -> Iterator[_Objects]:
    config = (word for each in _CONFIG for word in ("-c", each))
    env = {**{key: value for key, value in os.environ.items() if not key.startswith("GIT_")}, **_ENV}
    try:
        process = subprocess.Popen(
            ["git", *config, "-C", str(clone), "cat-file", "--batch"],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        raise DeployRefused(
            f"nothing was changed: git could not be run: {error}", hint="install git on this machine"
        ) from error
    asked, answers, errors = process.stdin, process.stdout, process.stderr
    if asked is None or answers is None or errors is None:
        raise AssertionError("all three are pipes")
    try:
        yield _Objects(clone, asked, answers)
    except (_Missing, BrokenPipeError) as error:
        process.kill()
        said = errors.read(4000).decode("utf-8", "replace").strip().split("\n")[0]
        if said:
            raise DeployRefused(f"nothing was changed: {clone}: {said}", hint=_describe_clone(clone)) from error
        raise UnreadObject(str(error) or f"git ended before it said what {commit[:12]} is") from error
    finally:
        process.kill()
        for each in (asked, answers, errors):
            with suppress(BrokenPipeError):
                each.close()
        process.wait()
