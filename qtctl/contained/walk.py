"""Walk everything below an open folder. Links are not followed; depth and number of entries are limited."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from qtctl.contained.folder import Folder
from qtctl.errors import InputError, Place

MAX_DEPTH = 64
"""The most levels of nested folders."""
MAX_ENTRIES = 100_000
"""The most entries in all folders together."""
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Entry:
    """`path` is relative to the start of the walk; `fd`: the open folder with `name` in it, until the next entry."""

    path: str
    name: str
    fd: int
    is_link: bool
    is_folder: bool
    problem: str = ""
    """Why a folder could not be opened."""


@dataclass(slots=True)
class Walk:
    """Yields entries sorted by name in each folder; a folder comes before its contents."""

    root: Folder
    skipped: Collection[str] = ()
    """Names of folders that are not entered."""
    only: Collection[str] | None = None
    """If given, only these names in the top folder."""
    _count: int = 0

    def list_entries(self) -> Iterator[Entry]:
        yield from self._walk_folder(os.dup(self.root.fd), "", 0)

    def list_files(self) -> list[str]:
        """The names in the top folder that are not folders, sorted."""
        return [name for name, is_folder, _ in self._list_names(self.root.fd, "") if not is_folder]

    def _walk_folder(self, fd: int, path: str, depth: int) -> Iterator[Entry]:
        """Closes `fd`."""
        try:
            for name, is_folder, is_link in self._list_names(fd, path):
                if depth == 0 and self.only is not None and name not in self.only:
                    continue
                entry = Entry(f"{path}{name}", name, fd, is_link, is_folder)
                yield entry
                if is_folder and name not in self.skipped:
                    yield from self._walk_subfolder(entry, depth + 1)
        finally:
            os.close(fd)

    def _walk_subfolder(self, entry: Entry, depth: int) -> Iterator[Entry]:
        if depth > MAX_DEPTH:
            raise self._build_limit_error(f"folders more than {MAX_DEPTH} deep", entry.path)
        try:
            fd = os.open(entry.name, _OPEN_FOLDER, dir_fd=entry.fd)
        except OSError as error:
            problem = error.strerror or "cannot be read"
            yield Entry(entry.path, entry.name, entry.fd, is_link=False, is_folder=True, problem=problem)
            return
        yield from self._walk_folder(fd, f"{entry.path}/", depth)

    def _list_names(self, fd: int, path: str) -> list[tuple[str, bool, bool]]:
        found = []
        with os.scandir(fd) as entries:
            for entry in entries:
                self._count += 1
                if self._count > MAX_ENTRIES:
                    raise self._build_limit_error(f"more than {MAX_ENTRIES} files and folders", path)
                found.append((entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink()))
        return sorted(found)

    def _build_limit_error(self, what: str, path: str) -> InputError:
        return InputError(what, hint="is it the right folder?", place=Place(f"{self.root.where}/{path}".rstrip("/")))
