"""Files that are kept from one run to the next, in a folder of the user's own. Nothing hangs on them.

What is not there, or cannot be read or written, is made anew. What somebody else could have written is not read.
"""

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

MOST = 256
"""Files that stay: one is made for each host and each version of its registry. Those read longest ago go first."""


def folder(environ: Mapping[str, str]) -> Path | None:
    """$QTCTL_KEEP, where `off` is none; else qtctl in $XDG_CACHE_HOME or ~/.cache."""
    named = environ.get("QTCTL_KEEP")
    if named:
        return None if named == "off" else Path(named)
    if (shared := environ.get("XDG_CACHE_HOME", "")).startswith("/"):
        return Path(shared) / "qtctl"
    home = environ.get("HOME", "")
    return Path(home) / ".cache" / "qtctl" if home.startswith("/") else None


class Kept:
    """By name, in one folder."""

    def __init__(self, where: Path) -> None:
        self._where = where

    def get(self, name: str) -> bytes | None:
        with suppress(OSError):
            if not _ours(self._where.stat()):
                return None
            with open(self._where / name, "rb", opener=_no_link) as file:
                if not _ours(os.fstat(file.fileno())):
                    return None
                os.utime(file.fileno())
                return file.read()
        return None

    def put(self, name: str, content: bytes) -> None:
        with suppress(OSError):
            self._where.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _ours(self._where.stat()):
                self._write(name, content)
                self._prune()

    def _write(self, name: str, content: bytes) -> None:
        """Whole or not at all. Not forced to the disk: what a power cut leaves of it is known by its digest."""
        handle, made = tempfile.mkstemp(dir=self._where, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(made).replace(self._where / name)
        except BaseException:
            Path(made).unlink(missing_ok=True)
            raise

    def _prune(self) -> None:
        read = sorted((entry.stat(follow_symlinks=False).st_mtime, entry.path) for entry in os.scandir(self._where))
        for _, path in read[:-MOST]:
            with suppress(FileNotFoundError):
                Path(path).unlink()


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)


def _ours(found: os.stat_result) -> bool:
    """Whether nobody else can write there."""
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
