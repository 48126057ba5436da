"""The file that `--save` names: a regular file in an existing folder, with the mode that the umask leaves."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from qtctl.contained.folder import Folder
from qtctl.contained.looking import is_folder
from qtctl.errors import InputError, Place

STDOUT = Path("-")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NAME_A_FILE = "name a file, or - for standard output"


def check_saved(path: Path) -> None:
    """InputError if `save` could not write there. Call it before asking a host."""
    if path == STDOUT:
        return
    place = Place(str(path))
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", hint="check the path", place=place) from error
    if mode is not None and not stat.S_ISREG(mode):
        raise InputError(f"cannot be written: it is {_describe_kind(mode)}", hint=NAME_A_FILE, place=place)
    if not is_folder(path.absolute().parent):
        what = f"cannot be written: there is no folder {path.absolute().parent}"
        raise InputError(what, hint="make it first, or check the path", place=place)
    if not os.access(path.absolute().parent, os.W_OK | os.X_OK):
        what = f"cannot be written: no permission in {path.absolute().parent}"
        raise InputError(what, hint="check the path", place=place)


def save(path: Path, content: bytes) -> None:
    """Written completely or not at all. An existing file of this account keeps its mode. InputError if that fails."""
    check_saved(path)
    try:
        with Folder.open(path.absolute().parent) as above:
            above.write(path.name, content, _choose_mode(path), sync=True)
    except OSError as error:
        hint = "free space there, or save it elsewhere" if error.errno in NO_ROOM else "check the path"
        raise InputError(f"cannot be written: {error.strerror}", hint=hint, place=Place(str(path))) from error


def _choose_mode(path: Path) -> int:
    """The mode of the existing file, unless another account owns it and could decide who may write evidence."""
    with suppress(FileNotFoundError):
        found = os.lstat(path)
        if found.st_uid == os.geteuid():
            return stat.S_IMODE(found.st_mode) & 0o777
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def _describe_kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISLNK, "a link"), (stat.S_ISFIFO, "a pipe"))
    return next((name for is_kind, name in kinds if is_kind(mode)), "not a regular file")
