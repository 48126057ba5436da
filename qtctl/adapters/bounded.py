"""Read files and the output of programs, up to a size limit."""

import errno
import os
import stat

MOST = 32 << 20
"""Bytes of a file: a known_hosts with 100 000 hosts has half of that."""


class TooLarge(Exception):
    """There is more than may be read; the text says how much may be."""


def read(path: str, most: int = MOST) -> bytes:
    """The content of a file or device, at most `most` bytes. OSError if it cannot be read, TooLarge if there is more.

    A pipe or socket is refused: it might never end.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
        kind = os.fstat(descriptor).st_mode
        if not (stat.S_ISREG(kind) or stat.S_ISCHR(kind)):
            raise OSError(errno.EINVAL, "not a regular file", path)
        data = file.read(most + 1) or b""
    if len(data) > most:
        raise TooLarge(f"larger than {most >> 20} MB")
    return data
