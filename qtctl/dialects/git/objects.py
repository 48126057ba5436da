"""Git's objects: the digest of a file, the tree of an index, and what a commit says."""

import hashlib
import re
import zlib
from collections.abc import Iterable

from qtctl.dialects.git.index import IndexEntry

ID = re.compile(r"[0-9a-f]{40}")
_COMMIT = re.compile(rb"tree ([0-9a-f]{40})\n")
_LOOSE = re.compile(rb"commit [0-9]{1,9}\0")
_KIND_COMMIT = 1
_FOLDER = 0o40000


def compute_object_id(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def compute_tree_id(entries: Iterable[IndexEntry]) -> str:
    """The id of the tree that `git write-tree` would write. ValueError in an unfinished merge."""
    folders: dict[bytes, dict[bytes, tuple[int, str]]] = {b"": {}}
    for entry in entries:
        if entry.stage:
            raise ValueError("an unfinished merge")
        if not entry.intended:
            folder, _, name = entry.path.rpartition(b"/")
            folders.setdefault(folder, {})[name] = (entry.mode, entry.id)
    for folder in sorted(_add_parents(folders), key=lambda path: -path.count(b"/") - bool(path)):
        parent, _, name = folder.rpartition(b"/")
        written = compute_object_id("tree", _write_tree(folders.get(folder, {})))
        if not folder:
            return written
        folders.setdefault(parent, {})[name] = (_FOLDER, written)
    raise AssertionError("unreachable")


def _add_parents(folders: Iterable[bytes]) -> set[bytes]:
    found = {b""}
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition(b"/")[0]  # noqa: PLW2901 - up to the root
    return found


def _write_tree(entries: dict[bytes, tuple[int, str]]) -> bytes:
    """Folders sort as if their names ended with a slash."""
    rows = sorted(entries.items(), key=lambda row: row[0] + (b"/" if row[1][0] == _FOLDER else b""))
    return b"".join(f"{mode:o} ".encode() + name + b"\0" + bytes.fromhex(id_) for name, (mode, id_) in rows)


def read_tree_of_loose(content: bytes) -> str:
    """The tree of a commit, from its file in objects/. ValueError if it is not a commit, or too large."""
    found = _LOOSE.match(head := _inflate(content))
    if found is None:
        raise ValueError("not a commit")
    return _read_tree_line(head[found.end() :])


def read_tree_of_packed(content: bytes) -> str:
    """The tree of a commit, read from its place in a pack. ValueError if it is not a commit, or stored as a delta."""
    if not content or content[0] >> 4 & 7 != _KIND_COMMIT:
        raise ValueError("not a commit that is stored whole in the pack")
    at = next((at for at, byte in enumerate(content[:10]) if not byte & 0x80), 10)
    return _read_tree_line(_inflate(content[at + 1 :]))


def _inflate(content: bytes) -> bytes:
    """Its first bytes, decompressed; what follows does not matter."""
    try:
        return zlib.decompressobj().decompress(content, 1000)
    except zlib.error as error:
        raise ValueError("not an object") from error


def _read_tree_line(head: bytes) -> str:
    found = _COMMIT.match(head)
    if found is None:
        raise ValueError("a commit without a tree")
    return found[1].decode()
