"""A cache in a folder that belongs to the user. Nothing depends on it.

An entry that is missing, or cannot be read or written, is made again. A file that others could have written is not
read.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from qtctl.contained.folder import make_unused_name, write_at
from qtctl.contained.regular import MIB

MOST = 256
"""How many entries are kept: one per host and version of its registry. The least recently used are removed first."""
LARGEST = 64 * MIB
HALF_MADE_S = 3600.0
"""After this time, a file that a killed process left unfinished is removed."""
_PREFIX = "qtctl-kept-"
"""Prefix of an entry's file name: no other file in the folder is touched."""
_HALF_MADE = ".qtctl-kept-"
"""Prefix while a file is being written."""


def locate_cache(environ: Mapping[str, str]) -> Path | None:
    """$QTCTL_KEEP (`off`: no cache); else the folder qtctl in $XDG_CACHE_HOME or ~/.cache."""
    named = environ.get("QTCTL_KEEP")
    if named:
        return None if named == "off" else Path(named)
    if (shared := environ.get("XDG_CACHE_HOME", "")).startswith("/"):
        return Path(shared) / "qtctl"
    home = environ.get("HOME", "")
    return Path(home) / ".cache" / "qtctl" if home.startswith("/") else None


class CacheFolder:
    """Entries by name, in one folder, which must not be a link. Files made by others are left alone."""

    def __init__(self, where: Path) -> None:
        self._where = where

    def get(self, name: str) -> bytes | None:
        with suppress(OSError), self._open() as fd, open(_PREFIX + name, "rb", opener=_open_in(fd)) as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            os.utime(file.fileno())
            content = file.read(LARGEST + 1)
            return content if len(content) <= LARGEST else None
        return None

    def put(self, name: str, content: bytes) -> None:
        with suppress(OSError):
            self._where.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._open() as fd:
                # Without fsync: an entry damaged by a power cut has a wrong digest.
                write_at(fd, _PREFIX + name, content, 0o600, made=make_unused_name(_HALF_MADE))
                _prune(fd)

    @contextmanager
    def _open(self) -> Iterator[int]:
        """The folder, open. OSError if others can write there or it is a link."""
        fd = os.open(self._where, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not _is_ours_alone(os.fstat(fd)):
                raise PermissionError(errno.EPERM, "others can write there", str(self._where))
            yield fd
        finally:
            os.close(fd)


def _prune(fd: int) -> None:
    read = []
    for name in os.listdir(fd):
        if name.startswith((_PREFIX, _HALF_MADE)):
            with suppress(FileNotFoundError):
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
                if _is_ours(found):
                    read.append((found.st_mtime, name))
    stale = time.time() - HALF_MADE_S
    read.sort()
    kept = [each for each in read if each[1].startswith(_PREFIX)]
    half_made = [each for each in read if each[1].startswith(_HALF_MADE) and each[0] < stale]
    for _, name in (*kept[:-MOST], *half_made):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=fd)


def _open_in(fd: int) -> Callable[[str, int], int]:
    more = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    return lambda name, flags: os.open(name, flags | more, dir_fd=fd)


def _is_ours(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and _is_ours_alone(found)


def _is_ours_alone(found: os.stat_result) -> bool:
    """Whether only this user can write there."""
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
