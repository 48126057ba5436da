"""Facts of what programs load besides what their command lines name."""

from dataclasses import dataclass
from typing import ClassVar

LISTED = "listed"


@dataclass(frozen=True, slots=True)
class LibraryWriters:
    """Subject: `host`, or the path of a venv. Libraries loaded from there that others than root own or can write to.

    For the host: folders of shared libraries and of Python's own modules, and what /etc/ld.so.conf and ld.so.preload
    name. For a venv: its package folders with everything in them, and what its .pth files name. parts: path → kind,
    uid, gid, mode, and LISTED if an access control list lets somebody write; of entries in a folder that are alike,
    only the first. `missing`: libraries that ld.so.preload names and that do not exist. `not_all`: there are more files
    than could be examined.
    """

    FACT: ClassVar[str] = "libraries"
    parts: dict[str, list[str]]
    missing: list[str]
    not_all: bool = False
