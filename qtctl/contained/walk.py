"""All that is below an open folder, entry by entry: no link is followed, depth and count are bounded."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from qtctl.contained.folder import Folder
from qtctl.errors import InputError, Place

MAX_DEPTH = 64
"""Folders inside one another."""
MAX_ENTRIES = 100_000
"""Of all folders together."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Entry:
    """`path` is relative to where the walk began; `fd` is the open folder that has `name`, until the next entry."""

    path: str
    name: str
    fd: int
    is_link: bool
    is_folder: bool
    problem: str = ""
    """Why a folder could not be looked into."""


@dataclass(slots=True)
class Walk:
    """Sorted by name in each folder; a folder comes before what is in it."""

    root: Folder
    skipped: Collection[str] = ()
    """Names of folders that are not looked into."""
    only: Collection[str] | None = None
    """Names in the folder itself, where not all of them are of interest."""
    _count: int = 0

    def entries(self) -> Iterator[Entry]:
        yield from self._below(os.dup(self.root.fd), "", 0)

    def files(self) -> list[str]:
        """The names in the folder itself that are no folders, sorted."""
        return [name for name, is_folder, _ in self._names(self.root.fd, "") if not is_folder]

    def _below(self, fd: int, path: str, depth: int) -> Iterator[Entry]:
        """Closes `fd`."""
        try:
            for name, is_folder, is_link in self._names(fd, path):
                if depth == 0 and self.only is not None and name not in self.only:
                    continue
                entry = Entry(f"{path}{name}", name, fd, is_link, is_folder)
                yield entry
                if is_folder and name not in self.skipped:
                    yield from self._inside(entry, depth + 1)
        finally:
            os.close(fd)

    def _inside(self, entry: Entry, depth: int) -> Iterator[Entry]:
        if depth > MAX_DEPTH:
            raise self._too_much(f"folders more than {MAX_DEPTH} deep", entry.path)
        try:
            fd = os.open(entry.name, _FOLDER, dir_fd=entry.fd)
        except OSError as error:
            problem = error.strerror or "cannot be read"
            yield Entry(entry.path, entry.name, entry.fd, is_link=False, is_folder=True, problem=problem)
            return
        yield from self._below(fd, f"{entry.path}/", depth)

    def _names(self, fd: int, path: str) -> list[tuple[str, bool, bool]]:
        found = []
        with os.scandir(fd) as entries:
            for entry in entries:
                self._count += 1
                if self._count > MAX_ENTRIES:
                    raise self._too_much(f"more than {MAX_ENTRIES} files and folders", path)
                found.append((entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink()))
        return sorted(found)

    def _too_much(self, what: str, path: str) -> InputError:
        return InputError(what, hint="is it the right folder?", place=Place(f"{self.root.where}/{path}".rstrip("/")))
