"""Files that are kept from one run to the next, in a folder of the user's own. Nothing hangs on them.

What is not there, or cannot be read or written, is made anew. What somebody else could have written is not read.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from qtctl.contained.folder import unused_name, write_at
from qtctl.contained.regular import MIB

MOST = 256
"""Files that stay: one is made for each host and each version of its registry. Those read longest ago go first."""
LARGEST = 64 * MIB
HALF_MADE_S = 3600.0
"""After this, what a killed process has begun to write is removed."""
_PREFIX = "qtctl-kept-"
"""How the names of these files begin, so that nothing else in the folder is taken for one of them."""
_HALF_MADE = ".qtctl-kept-"
"""How they begin before a file is whole."""


def folder(environ: Mapping[str, str]) -> Path | None:
    """$QTCTL_KEEP, where `off` is none; else qtctl in $XDG_CACHE_HOME or ~/.cache."""
    named = environ.get("QTCTL_KEEP")
    if named:
        return None if named == "off" else Path(named)
    if (shared := environ.get("XDG_CACHE_HOME", "")).startswith("/"):
        return Path(shared) / "qtctl"
    home = environ.get("HOME", "")
    return Path(home) / ".cache" / "qtctl" if home.startswith("/") else None


class CacheFolder:
    """By name, in one folder, which is no link. Only files that this class has made are read, replaced or removed."""

    def __init__(self, where: Path) -> None:
        self._where = where

    def get(self, name: str) -> bytes | None:
        with suppress(OSError), self._open() as fd, open(_PREFIX + name, "rb", opener=_in(fd)) as file:
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
                # Not forced to the disk: what a power cut leaves of it is known by its digest.
                write_at(fd, _PREFIX + name, content, 0o600, made=unused_name(_HALF_MADE))
                _prune(fd)

    @contextmanager
    def _open(self) -> Iterator[int]:
        """The open folder. OSError where others can write there, or where it is a link."""
        fd = os.open(self._where, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not _nobody_elses(os.fstat(fd)):
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


def _in(fd: int) -> Callable[[str, int], int]:
    more = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    return lambda name, flags: os.open(name, flags | more, dir_fd=fd)


def _is_ours(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and _nobody_elses(found)


def _nobody_elses(found: os.stat_result) -> bool:
    """Whether nobody else can write there."""
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
