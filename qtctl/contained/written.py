"""Files that are all written before the first of them takes its place, and the folders made for them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from qtctl.contained.folder import Folder, make_unused_name
from qtctl.errors import InputError


def find_above(path: Path) -> Path:
    """The nearest folder above `path` whose name exists, if only as a link that leads nowhere."""
    return next(folder for folder in path.absolute().parents if os.path.lexists(folder))


@contextmanager
def make_folders(folder: Path) -> Iterator[None]:
    """Make `folder` and what is missing above it. If the block fails, those that are empty are removed again."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for each in missing:
            with suppress(OSError):
                each.rmdir()
        raise


class Written:
    """Files below an open folder, each under another name until all are there.

    If the block fails, those that have not taken their places are removed, and so are new folders that are empty.
    """

    def __init__(self, root: Folder) -> None:
        self._root = root
        self._waiting: dict[str, str] = {}
        self._made: list[str] = []

    def add(self, path: str, content: bytes, mode: int) -> None:
        """Write it beside its place, in folders that are made if they are missing."""
        above, slash, _ = path.strip("/").rpartition("/")
        self._note_missing(above)
        aside = f"{above}{slash}{make_unused_name()}"
        self._root.write(aside, content, mode, sync=True)
        self._waiting[path] = aside

    def put_in_place(self, path: str) -> None:
        self._root.rename(self._waiting[path], path)
        del self._waiting[path]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            return
        for aside in self._waiting.values():
            with suppress(OSError, InputError):
                self._root.remove(aside)
        for folder in reversed(self._made):
            with suppress(OSError, InputError):
                self._root.remove_if_empty(folder)

    def _note_missing(self, folder: str) -> None:
        names = folder.split("/") if folder else []
        for number in range(1, len(names) + 1):
            path = "/".join(names[:number])
            if path not in self._made and not self._root.has_folder(path):
                self._made.append(path)
