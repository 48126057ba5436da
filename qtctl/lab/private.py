"""Private folders and files of the lab: no other account of this machine can enter, read, replace or lock them."""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from qtctl.errors import LabError

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def ensure_private_folder(path: Path, ours: Callable[[str], bool] = lambda _: True) -> Path:
    """Make sure that `path` is a folder of mode 0700 that this account owns, and return it as absolute path.

    It is created if it is missing. A folder that others can read, as older versions made it, is set to 0700 if `ours`
    accepts every name in it. LabError if another account owns it or can write to it, or if its path contains a link or
    a folder that others can write to.
    """
    path = path.absolute()
    missing = [each for each in (path, *path.parents) if not os.path.lexists(each)]
    for each in reversed(missing):
        check(each.parent)
        try:
            each.mkdir(FOLDER_MODE if each == path else 0o755, exist_ok=True)
        except OSError as error:
            raise LabError(f"{each}: {error.strerror}", hint="the lab needs a folder that it can write") from error
    check(path)
    _restrict_mode(path, ours)
    return path


def exists(path: Path, ours: Callable[[str], bool] = lambda _: True) -> bool:
    """Whether the folder exists and this account can enter it. If so, it is checked as in `ensure_private_folder`."""
    if not os.path.lexists(path):  # also where the way to it is closed: the lab of another account is none of ours
        return False
    if os.geteuid() != 0 and not os.access(path, os.R_OK | os.X_OK):
        return False
    ensure_private_folder(path, ours)
    return True


def check(path: Path) -> None:
    """LabError if an account other than root and this one could replace a part of the path."""
    for each in (*reversed(path.parents), path):
        _check_one(each, each.lstat())


def _check_one(path: Path, found: os.stat_result) -> None:
    hint = "the lab runs what is in it as root: name a folder of its own in QTCTL_STATE or QTCTL_CACHE"
    if stat.S_ISLNK(found.st_mode):
        raise LabError(f"{path} is a link", hint="name the folder it leads to in QTCTL_STATE or QTCTL_CACHE")
    if not stat.S_ISDIR(found.st_mode):
        raise LabError(f"{path} is not a folder", hint=hint)
    if found.st_uid not in (0, os.geteuid()):
        raise LabError(f"{path} belongs to uid {found.st_uid}, not to root", hint=hint)
    if found.st_mode & OTHERS_WRITE and not found.st_mode & stat.S_ISVTX:
        raise LabError(f"{path} has mode {stat.S_IMODE(found.st_mode):04o}: other accounts can write there", hint=hint)


def _restrict_mode(path: Path, ours: Callable[[str], bool]) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        mode = stat.S_IMODE(found.st_mode)
        if found.st_uid != os.geteuid():
            raise LabError(f"{path} belongs to uid {found.st_uid}, not to {os.geteuid()}", hint="use another folder")
        if mode == FOLDER_MODE:
            return
        names = os.listdir(handle)  # noqa: PTH208 - of the folder that was looked at
        if mode & OTHERS_WRITE or not all(map(ours, names)):
            raise LabError(
                f"{path} has mode {mode:04o}, should be 0700, and is not the lab's alone",
                hint="name a folder of its own in QTCTL_STATE or QTCTL_CACHE",
            )
        os.fchmod(handle, FOLDER_MODE)
    finally:
        os.close(handle)


def create(path: Path, flags: int) -> int:
    """Open a file of mode 0600, and create it if it is missing; links are not followed. Returns the descriptor."""
    handle = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        os.fchmod(handle, FILE_MODE)
    except BaseException:
        os.close(handle)
        raise
    return handle


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Wait for a lock and hold it; it ends with this process. Its folder is private: no other account can take it."""
    ensure_private_folder(path.parent)
    with os.fdopen(create(path, os.O_WRONLY), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
