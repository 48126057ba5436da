"""Compares a working tree with its index: what has changed, what must be read to know, and what is not compared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from qtctl.dialects.git.index import EXECUTABLE, LINK, SUBMODULE, IndexEntry
from qtctl.dialects.git.objects import compute_object_id

_SECONDS = 2**32
_NS = 10**9
_EXECUTE = 0o100
MOST_BY_CTIME = 200
"""If more files than this have another ctime, all were copied or chowned, and ctime means nothing."""


class How(StrEnum):
    CONTENT = "content"
    MISSING = "missing"
    MODE = "mode"
    KIND = "kind"
    MERGE = "unfinished merge"


@dataclass(frozen=True, slots=True)
class Seen:
    """A file (f) or link (l), or a folder (d) that cannot be read.

    Times in nanoseconds since the epoch.
    """

    kind: str
    mode: int
    size: int
    mtime: int
    ctime: int
    target: bytes = b""


@dataclass(frozen=True, slots=True)
class Compared:
    """Paths as in git. `suspects`: files to read, with the id that their content should have."""

    changed: Mapping[bytes, How]
    suspects: Mapping[bytes, str]
    submodules: int
    tracked: int


def compare(
    entries: Iterable[IndexEntry], files: Mapping[bytes, Seen], index_mtime: int, *, modes: bool = True
) -> Compared:
    """`index_mtime`: a file that is not older may have changed since git looked. `modes`: core.fileMode.

    Files that git was told to assume unchanged or to skip are compared too; skipped ones may be missing.
    """
    entries = tuple(entries)
    judged = tuple(entry for entry in entries if entry.mode != SUBMODULE)
    how = {entry.path: _judge_by_look(entry, files, modes=modes) for entry in judged}
    open_ = tuple(entry for entry in judged if how[entry.path] is None and entry.mode != LINK)
    suspects = {entry.path: entry.id for entry in open_ if _looks_other(entry, files, index_mtime)}
    by_ctime = {entry.path: entry.id for entry in open_ if entry.path not in suspects and _is_newer(entry, files)}
    if len(by_ctime) <= MOST_BY_CTIME:
        suspects |= by_ctime
    changed = {path: each for path, each in how.items() if each is not None}
    return Compared(changed, suspects, len(entries) - len(judged), len(entries))


def _judge_by_look(entry: IndexEntry, files: Mapping[bytes, Seen], *, modes: bool) -> How | None:
    """What can be told without reading the file."""
    seen = files.get(entry.path)
    if entry.stage:
        return How.MERGE
    if seen is None:
        return None if entry.skipped or _is_hidden(entry.path, files) else How.MISSING
    if entry.mode == LINK:
        return _judge_link(entry, seen)
    if seen.kind == "l":
        return How.KIND
    return How.MODE if modes and (entry.mode == EXECUTABLE) != bool(seen.mode & _EXECUTE) else None


def _judge_link(entry: IndexEntry, seen: Seen) -> How | None:
    if seen.kind != "l":
        return How.KIND
    return None if compute_object_id("blob", seen.target) == entry.id else How.CONTENT


def _is_hidden(path: bytes, files: Mapping[bytes, Seen]) -> bool:
    """Whether a folder on the way cannot be read."""
    while path:
        path = path.rpartition(b"/")[0]
        if path in files and files[path].kind == "d":
            return True
    return False


def _looks_other(entry: IndexEntry, files: Mapping[bytes, Seen], index_mtime: int) -> bool:
    """By size or mtime. Git itself would also have to read a file that may have changed while it was looking."""
    seen = files.get(entry.path)
    if seen is None:
        return not entry.skipped
    size, mtime = entry.size != seen.size % _SECONDS, not _is_same_time(entry.mtime, seen.mtime)
    return size or mtime or entry.intended or seen.mtime >= index_mtime


def _is_newer(entry: IndexEntry, files: Mapping[bytes, Seen]) -> bool:
    seen = files.get(entry.path)
    return seen is not None and not _is_same_time(entry.ctime, seen.ctime)


def _is_same_time(noted: int, seen: int) -> bool:
    """A git without nanoseconds writes zeros instead."""
    return noted == (seen if noted % _NS else seen // _NS * _NS) % (_SECONDS * _NS)


def decode_names(paths: Iterable[bytes]) -> Iterator[str]:
    """As text that can appear in a document."""
    return (path.decode("utf-8", "backslashreplace") for path in paths)
