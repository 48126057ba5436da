"""Git's commits and trees as stored, parsed; and whether an object matches its id."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

_HEX = {20: 40, 32: 64}
_FOLDER, _SUBMODULE = 0o040000, 0o160000
_KINDS = {0o100644: 0o100644, 0o100664: 0o100644, 0o100755: 0o100755, 0o120000: 0o120000, _FOLDER: _FOLDER}
_FORBIDDEN = (b"", b".", b"..")
_NAME = 255


class UnreadObject(ValueError):
    """It does not match its id, or may not be unpacked."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """`mode`: 0o100644, 0o100755, 0o120000 (a link) or 0o040000 (a folder)."""

    name: bytes
    mode: int
    id: str

    @property
    def is_folder(self) -> bool:
        return self.mode == _FOLDER


def check_object(id_: str, kind: str, content: bytes) -> bytes:
    """Returns `content`. UnreadObject if it is not the content of this object."""
    digest = hashlib.sha256() if len(id_) == _HEX[32] else hashlib.sha1(usedforsecurity=False)
    digest.update(f"{kind} {len(content)}\0".encode() + content)
    if digest.hexdigest() != id_:
        raise UnreadObject(f"{kind} {id_[:12]} is damaged: its content has another id")
    return content


def read_tree_of_commit(content: bytes) -> str:
    first = content.partition(b"\n")[0]
    if not first.startswith(b"tree "):
        raise UnreadObject("the commit names no tree")
    return first.removeprefix(b"tree ").decode("ascii", "replace")


def read_time_of_commit(content: bytes) -> int:
    """When it was committed, in seconds since the epoch; 1 if it does not say."""
    for line in content.partition(b"\n\n")[0].split(b"\n"):
        if line.startswith(b"committer "):
            words = line.rsplit(b" ", 2)
            return max(1, int(words[1])) if len(words) > 1 and words[1].isdigit() and len(words[1]) < 12 else 1  # noqa: PLR2004
    return 1


def read_tree(content: bytes, size: int = 20) -> tuple[TreeEntry, ...]:
    """`size`: bytes per id. UnreadObject if it is incomplete, or has a duplicate name or one that leads elsewhere."""
    found = tuple(_list_entries(content, size))
    if len({each.name for each in found}) != len(found):
        raise UnreadObject("a tree has the same name twice")
    return found


def _list_entries(content: bytes, size: int) -> Iterator[TreeEntry]:
    at = 0
    while at < len(content):
        blank, end = content.find(b" ", at), content.find(b"\0", at)
        if not at < blank < end or len(content) < end + 1 + size:
            raise UnreadObject("a tree is not whole")
        mode, name = content[at:blank], content[blank + 1 : end]
        at = end + 1 + size
        yield TreeEntry(_check_name(name), _read_mode(mode, name), content[end + 1 : at].hex())


def _check_name(name: bytes) -> bytes:
    if name in _FORBIDDEN or b"/" in name or name.lower() == b".git" or len(name) > _NAME:
        raise UnreadObject(f"a file named {name[:60]!r} cannot be unpacked")
    return name


def _read_mode(mode: bytes, name: bytes) -> int:
    try:
        number = int(mode, 8)
    except ValueError:
        number = 0
    if number == _SUBMODULE:
        raise UnreadObject(f"{name.decode('utf-8', 'replace')} is a submodule, and those cannot be installed")
    if number not in _KINDS:
        raise UnreadObject(f"{name[:60]!r} has a mode that cannot be unpacked")
    return _KINDS[number]
