"""Backups on this machine: regular files of mode 0600, in folders that nobody else may write."""

import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from qtctl.adapters.person import locate_home
from qtctl.contained.folder import Folder
from qtctl.contained.regular import read_at
from qtctl.errors import InputError, Place

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,200}\.qtbackup")
ENDING = ".qtbackup"
MODE, FOLDER_MODE = 0o600, 0o700
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def locate_backups(environ: Mapping[str, str], home: Path) -> Path:
    """`qtctl/backups` in XDG_STATE_HOME, else in ~/.local/state."""
    state = environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else home / ".local/state") / "qtctl/backups"


def locate_own_backups() -> Path:
    return locate_backups(os.environ, locate_home())


def write_new(path: Path, content: bytes) -> None:
    """A new file of mode 0600; its folder must exist. InputError if it cannot be written, or already exists."""
    place = Place(str(path))
    try:
        with Folder.open(path.absolute().parent) as above:
            if above.has_entry(path.name):
                raise InputError("already exists, and a backup is never overwritten", hint="name another file",
                                 place=place)  # fmt: skip
            above.write(path.name, content, MODE, sync=True)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", hint="check the path", place=place) from error


def make_folder(folder: Path) -> None:
    """Make the folder and missing parents, mode 0700. InputError if others may write to it."""
    place = Place(str(folder))
    try:
        for each in (*reversed(folder.parents), folder):
            with suppress(FileExistsError):
                each.mkdir(mode=FOLDER_MODE)
        found = folder.stat()
    except OSError as error:
        raise InputError(f"cannot be made: {error.strerror}", hint="name a file with --out", place=place) from error
    # In a sticky folder others cannot change our files.
    _check_ours(found, place, allowed=stat.S_ISVTX)


def read_own(path: Path, most: int) -> bytes:
    """InputError unless it is a regular file of at most `most` bytes that only this account or root may write."""
    place = Place(str(path))
    try:
        with Folder.open(path.absolute().parent) as above:
            content = read_at(above.fd, path.name, most, place, _check_ours)
    except OSError as error:
        hint = "qtctl backup list shows the existing ones"
        raise InputError(f"cannot be read: {error.strerror}", hint=hint, place=place) from error
    return content


def _check_ours(found: os.stat_result, place: Place, allowed: int = 0) -> None:
    """Whoever may write a backup decides what root installs on a host. `allowed`: a mode bit that lets others write."""
    if found.st_uid not in (0, os.geteuid()):
        what = f"belongs to another account (uid {found.st_uid}): it could put anything into it"
        raise InputError(what, hint="chown it, once you know what is in it", place=place)
    if found.st_mode & _OTHERS_WRITE and not found.st_mode & allowed:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        raise InputError(f"mode {mode}, should be 0600: others may write it", hint="chmod go-w it", place=place)


def list_files(folder: Path) -> tuple[Path, ...]:
    """The backups in a folder, newest name first. None if there is no folder."""
    try:
        names = [each.name for each in os.scandir(folder) if _NAME.fullmatch(each.name)]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", place=Place(str(folder))) from error
    return tuple(folder / name for name in sorted(names, reverse=True))
