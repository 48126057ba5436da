"""Read whole regular files up to a size limit. Anything else is refused before it is opened."""

import os
import stat
from collections.abc import Callable

from qtctl.errors import InputError, Place

MIB = 1024**2
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}


Check = Callable[[os.stat_result, Place], None]


class Unreadable(InputError):
    """A file that is not read. `why`: it is a FIFO, or what else is wrong with it."""

    def __init__(self, why: str, *, hint: str = "", place: Place | None = None) -> None:
        super().__init__(f"cannot be read: {why}", hint=hint, place=place)
        self.why = why


class TooLarge(Unreadable):
    """A file with more bytes than may be read."""


def read_at(fd: int, name: str, most: int, place: Place, check: Check | None = None) -> bytes:
    """The content of a regular file in the open folder `fd`; links are not followed.

    `check` is given the stat of the file that is read, even if another file takes its name meanwhile; it may raise.

    Unreadable if it is not a regular file, TooLarge if it is larger than `most` bytes, InputError if it changes while
    it is read. OSError as open(2).
    """
    check_regular(os.stat(name, dir_fd=fd, follow_symlinks=False), most, place)
    handle = os.open(name, _READ, dir_fd=fd)
    try:
        before = os.fstat(handle)
        check_regular(before, most, place)
        if check is not None:
            check(before, place)
        content = read_up_to(handle, most + 1)
        after = os.fstat(handle)
    finally:
        os.close(handle)
    if len(content) > most:
        raise make_too_large_error(most, place)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError("changed while it was read", hint="try again", place=place)
    return content


def read_up_to(handle: int, most: int) -> bytes:
    """Read to the end, but at most `most` bytes."""
    parts, left = [], most
    while left and (part := os.read(handle, min(left, MIB))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def check_regular(found: os.stat_result, most: int, place: Place) -> None:
    """Unreadable if it is not a regular file, TooLarge if it is larger than `most` bytes."""
    if not stat.S_ISREG(found.st_mode):
        why = f"it is {describe_kind(found)}, not a regular file"
        raise Unreadable(why, hint="put a file there", place=place)
    if found.st_size > most:
        raise make_too_large_error(most, place)


def describe_kind(found: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(found.st_mode), "something else")


def make_too_large_error(most: int, place: Place) -> TooLarge:
    size = f"{most // MIB} MiB" if most >= MIB else f"{most // 1024} KiB"
    return TooLarge(f"larger than {size}", hint="is it the right file?", place=place)
