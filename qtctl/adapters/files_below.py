"""Files below the folder in which qtctl runs, named by a registry: no path and no link leads anywhere else."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.files import LARGEST
from qtctl.contained.folder import Folder, Links
from qtctl.contained.regular import TooLarge, check_regular, read_at
from qtctl.contained.walk import Walk
from qtctl.dialects.paths import is_in
from qtctl.errors import InputError, Place

OTHER = "it is not a regular file"
DIFFERS = "it differs from what the registry gives"


def read_below(path: str, most: int = LARGEST) -> bytes | None:
    """The content of a regular file; None if there is none. InputError if it cannot be read, or a link leads out."""
    try:
        with Folder.open(Path(), Links.INSIDE) as here:
            return here.read(path, most)
    except FileNotFoundError:
        return None
    except InputError as error:
        raise InputError(error.what, hint=error.hint, place=Place(path)) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", hint="check the path", place=Place(path)) from error


def locate_below(path: str) -> Path:
    """The path, if no link in it leads out of this folder. InputError if one does."""
    if not is_below(path):
        hint = "put the file itself there: nothing outside is followed"
        raise InputError("a link leads out of the folder in which qtctl runs", hint=hint, place=Place(path))
    return Path(path)


def is_below(path: str) -> bool:
    """Whether it is in the folder in which qtctl runs, links followed."""
    return is_in(os.path.realpath(path), os.path.realpath(""))


@dataclass(frozen=True, slots=True)
class FilesBelow:
    """What lies below a folder, compared with what should: paths relative to it.

    `missing`: not there. `different`: path → what is wrong. `left`: files with the mark that should not be there.
    """

    missing: tuple[str, ...]
    different: Mapping[str, str]
    left: tuple[str, ...]


def compare_below(folder: str, wanted: Mapping[str, bytes], tops: Collection[str], mark: bytes) -> FilesBelow:
    """Compare every wanted file byte for byte. `tops`: the subfolders in which files with the mark are looked for."""
    try:
        with Folder.open(locate_below(folder)) as root:
            missing, different = _compare(root, wanted)
            return FilesBelow(missing, different, tuple(_find_left(root, tops, mark, wanted)))
    except FileNotFoundError:
        return FilesBelow(tuple(sorted(wanted)), {}, ())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", hint="check the path", place=Place(folder)) from error


def _compare(root: Folder, wanted: Mapping[str, bytes]) -> tuple[tuple[str, ...], dict[str, str]]:
    missing, different = [], {}
    for path, content in sorted(wanted.items()):
        try:
            if root.read(path, max(len(content), 1)) != content:
                different[path] = DIFFERS
        except FileNotFoundError:
            missing.append(path)
        except NotADirectoryError:
            different[path] = "it is below something that is not a folder"
        except TooLarge:
            different[path] = DIFFERS
        except InputError:
            different[path] = OTHER
    return tuple(missing), different


def _find_left(root: Folder, tops: Collection[str], mark: bytes, wanted: Mapping[str, bytes]) -> Iterator[str]:
    for entry in Walk(root, only=tops).list_entries():
        if entry.is_link or entry.is_folder or entry.path in wanted:
            continue
        if _begins_with(entry.fd, entry.name, mark):
            yield os.fsencode(entry.path).decode("utf-8", "backslashreplace")


def _begins_with(fd: int, name: str, mark: bytes) -> bool:
    found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    try:
        check_regular(found, LARGEST, Place(name))
        return read_at(fd, name, LARGEST, Place(name)).startswith(mark)
    except InputError:
        return False
