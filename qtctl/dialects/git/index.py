"""Git's index (gitformat-index(5)), versions 2 to 4: tracked files, and their stat data when git last looked."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct, unpack_from

REGULAR, EXECUTABLE, LINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000
_HEAD = Struct(">4sII")
_STAT = Struct(">10I20sH")
"""Changed (s, ns), modified (s, ns), device, inode, mode, uid, gid, size, digest, flags."""
_ID = 20
_EXTENDED, _SKIPPED, _INTENDED = 0x4000, 0x4000, 0x2000
_NAME, _STAGE = 0x0FFF, 12
_UNSUPPORTED = {b"link": "a split index", b"sdir": "a sparse index"}
MOST_ENTRIES = 100_000
_VERSIONS = (2, 3, 4)
_SMALLEST = 62


class UnreadIndex(ValueError):
    """It is not an index, is incomplete, or has a format that is not supported."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A tracked file. `path` as in git; times in nanoseconds since the epoch, modulo 2**32 seconds.

    `size` is in bytes, modulo 2**32. `stage` is above 0 in an unfinished merge. `skipped`: git ignores the file in the
    working tree. `intended`: it has no content in git yet.
    """

    path: bytes
    mode: int
    id: str
    size: int
    mtime: int
    ctime: int
    stage: int = 0
    skipped: bool = False
    intended: bool = False


def read_index(content: bytes) -> tuple[IndexEntry, ...]:
    """Its entries in order. UnreadIndex if it is incomplete or has a format that is not supported."""
    if len(content) < _HEAD.size + _ID:
        raise UnreadIndex("too short for an index")
    magic, version, count = _HEAD.unpack_from(content)
    if magic != b"DIRC" or version not in _VERSIONS:
        raise UnreadIndex("not an index of version 2, 3 or 4")
    if count > MOST_ENTRIES or count * _SMALLEST // (1 if version < _VERSIONS[-1] else 2) > len(content):
        raise UnreadIndex(f"it says that it has {count} entries")
    _check_digest(content)
    entries: list[IndexEntry] = []
    at, before = _HEAD.size, b""
    for _ in range(count):
        entry, at = _read_entry(content, at, version, before)
        before = entry.path
        entries.append(entry)
    _check_extensions(content, at)
    for entry in entries:
        _check(entry)
    return tuple(entries)


def _check_digest(content: bytes) -> None:
    """The digest is all zeros if git was told not to compute one (index.skipHash)."""
    said = content[-_ID:]
    if any(said) and hashlib.sha1(content[:-_ID], usedforsecurity=False).digest() != said:
        raise UnreadIndex("its SHA-1 digest does not match: it was being written, is damaged, or uses SHA-256")


def _read_entry(content: bytes, at: int, version: int, before: bytes) -> tuple[IndexEntry, int]:
    end = len(content) - _ID
    start = at
    if at + _STAT.size + 2 > end:
        raise UnreadIndex("its entries are cut off")
    *fields, digest, flags = _STAT.unpack_from(content, at)
    at += _STAT.size
    more = 0
    if flags & _EXTENDED:
        if version == _VERSIONS[0]:
            raise UnreadIndex("extended flags in version 2")
        (more,) = unpack_from(">H", content, at)
        at += 2
    path, at = (
        _read_prefixed(content, at, end, before) if version == _VERSIONS[-1] else _read_padded(content, start, at, end)
    )
    cs, cns, ms, mns, _, _, mode, _, _, size = fields
    entry = IndexEntry(
        path, mode, digest.hex(), size, ms * 10**9 + mns, cs * 10**9 + cns, flags >> _STAGE & 3,
        bool(more & _SKIPPED), bool(more & _INTENDED),
    )  # fmt: skip
    return entry, at


def _read_padded(content: bytes, start: int, at: int, end: int) -> tuple[bytes, int]:
    """Entries are padded to a multiple of eight bytes, with at least one NUL after the path."""
    stop = content.find(b"\0", at, end)
    if stop < 0:
        raise UnreadIndex("a path is cut off")
    return content[at:stop], stop + 8 - (stop - start) % 8


def _read_prefixed(content: bytes, at: int, end: int, before: bytes) -> tuple[bytes, int]:
    """How many bytes to cut off the previous path, and what to append."""
    cut, at = _read_number(content, at, end)
    stop = content.find(b"\0", at, end)
    if cut > len(before) or stop < 0:
        raise UnreadIndex("a path is cut off")
    return before[: len(before) - cut] + content[at:stop], stop + 1


def _read_number(content: bytes, at: int, end: int) -> tuple[int, int]:
    """As in packs: seven bits per byte, and the highest bit means that another byte follows."""
    value, first = 0, True
    while at < end:
        byte = content[at]
        value = byte & 0x7F if first else ((value + 1) << 7) | byte & 0x7F
        first, at = False, at + 1
        if not byte & 0x80:
            return value, at
        if value > len(content):
            break
    raise UnreadIndex("a number without an end")


def _check(entry: IndexEntry) -> None:
    """Only what git itself would write: nothing outside the working tree, and not the .git folder."""
    parts = entry.path.split(b"/")
    if any(part in (b"", b".", b"..") for part in parts) or parts[0].lower() == b".git":
        raise UnreadIndex("a path that git does not track")
    if entry.mode not in (REGULAR, EXECUTABLE, LINK, SUBMODULE):
        raise UnreadIndex(f"an entry of mode {entry.mode:o}")


def _check_extensions(content: bytes, at: int) -> None:
    """Extensions whose name begins with a capital letter are optional."""
    for kind in _list_extensions(content, at):
        if not kind[:1].isupper():
            raise UnreadIndex(_UNSUPPORTED.get(kind, "an extension that is not known"))


def _list_extensions(content: bytes, at: int) -> Iterator[bytes]:
    end = len(content) - _ID
    while at < end:
        if at + 8 > end:
            raise UnreadIndex("an extension is cut off")
        kind, (size,) = content[at : at + 4], unpack_from(">I", content, at + 4)
        at += 8 + size
        if at > end:
            raise UnreadIndex("an extension is cut off")
        yield kind
