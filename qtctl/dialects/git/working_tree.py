"""A working tree beside its index: what has changed, what has to be read to know, and what is not compared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from qtctl.dialects.git.index import EXECUTABLE, LINK, SUBMODULE, IndexEntry
from qtctl.dialects.git.objects import object_id

_SECONDS = 2**32
_NS = 10**9
_EXECUTE = 0o100
MOST_BY_CTIME = 200
"""Where the ctime of more files differs, all of them were copied or given to another owner: that says nothing."""


class How(StrEnum):
    CONTENT = "content"
    MISSING = "missing"
    MODE = "mode"
    KIND = "kind"
    MERGE = "unfinished merge"


@dataclass(frozen=True, slots=True)
class Seen:
    """A file (f) or link (l) that is there, or a folder (d) that cannot be looked into. Times in nanoseconds since the epoch; `target` as bytes."""

    kind: str
    mode: int
    size: int
    mtime: int
    ctime: int
    target: bytes = b""


@dataclass(frozen=True, slots=True)
class Compared:
    """Paths as git has them. `suspects`: to be read, with the id that their content has to have."""

    changed: Mapping[bytes, How]
    suspects: Mapping[bytes, str]
    submodules: int
    tracked: int


def compare(
    entries: Iterable[IndexEntry], files: Mapping[bytes, Seen], index_mtime: int, *, modes: bool = True
) -> Compared:
    """`index_mtime`: a file that is not older may have changed since git looked at it. `modes`: core.fileMode.

    Files that git was told to assume unchanged, or to skip, are compared as others are; skipped ones may be missing.
    """
    changed: dict[bytes, How] = {}
    suspects: dict[bytes, str] = {}
    by_ctime: dict[bytes, str] = {}
    submodules = tracked = 0
    for entry in entries:
        tracked += 1
        if entry.mode == SUBMODULE:
            submodules += 1
            continue
        how = _certain(entry, files.get(entry.path), modes=modes)
        if how is How.MISSING and _is_hidden(entry.path, files):
            suspects[entry.path] = entry.id
        elif how is not None:
            changed[entry.path] = how
        elif (seen := files.get(entry.path)) and entry.mode != LINK:
            if _looks_other(entry, seen, index_mtime):
                suspects[entry.path] = entry.id
            elif not _same_time(entry.ctime, seen.ctime):
                by_ctime[entry.path] = entry.id
    if len(by_ctime) <= MOST_BY_CTIME:
        suspects |= by_ctime
    return Compared(changed, suspects, submodules, tracked)


def _certain(entry: IndexEntry, seen: Seen | None, *, modes: bool) -> How | None:
    """What is seen without reading it."""
    if entry.stage:
        return How.MERGE
    if seen is None:
        return None if entry.skipped else How.MISSING
    if (entry.mode == LINK) != (seen.kind == "l"):
        return How.KIND
    if entry.mode == LINK:
        return None if object_id("blob", seen.target) == entry.id else How.CONTENT
    if modes and (entry.mode == EXECUTABLE) != bool(seen.mode & _EXECUTE):
        return How.MODE
    return None


def _is_hidden(path: bytes, files: Mapping[bytes, Seen]) -> bool:
    """Whether a folder on the way there cannot be looked into."""
    while path:
        path = path.rpartition(b"/")[0]
        if path in files and files[path].kind == "d":
            return True
    return False


def _looks_other(entry: IndexEntry, seen: Seen, index_mtime: int) -> bool:
    """By size or mtime; or git itself would have to read it, since it may have changed in the moment of the look."""
    size, mtime = entry.size != seen.size % _SECONDS, not _same_time(entry.mtime, seen.mtime)
    return size or mtime or entry.intended or seen.mtime >= index_mtime


def _same_time(noted: int, seen: int) -> bool:
    """A git without nanoseconds notes zeros in their place."""
    return noted == (seen if noted % _NS else seen // _NS * _NS) % (_SECONDS * _NS)


def names(paths: Iterable[bytes]) -> Iterator[str]:
    """As text that can stand in a document."""
    return (path.decode("utf-8", "backslashreplace") for path in paths)
