"""Facts of what programs load besides what their command lines name."""

from dataclasses import dataclass
from typing import ClassVar

LISTED = "listed"


@dataclass(frozen=True, slots=True)
class LibraryWriters:
    """Subject: `host`, or the path of a venv. What others than root own, or can write, of what is loaded from there.

    Of the host: folders of shared libraries and of Python's own modules, what /etc/ld.so.conf and ld.so.preload name.
    Of a venv: its folders of packages, all that lies in them, and what its .pth files name. parts: path → kind, uid,
    gid, mode, and LISTED where an access control list lets somebody write; of what is alike in a folder the first.
    `missing`: libraries that ld.so.preload names and that are not there. `not_all`: there are more files than could be
    looked at.
    """

    FACT: ClassVar[str] = "libraries"
    parts: dict[str, list[str]]
    missing: list[str]
    not_all: bool = False
