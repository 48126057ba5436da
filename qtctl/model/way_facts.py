"""Facts of what a service starts with: the ways to its files, who it is, and who could write unit files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

Parts = dict[str, list[str]]
"""Path, not followed → [kind, uid, gid, mode, link target]; kind as in qtctl.meaning.access, mode in octal."""


@dataclass(frozen=True, slots=True)
class PathWay:
    """Subject: an absolute path. Everything that is met on the way to what it leads to, links followed.

    `missing`: the first path on the way that is not there, '' where all are. `size` in bytes, `mtime` and `ctime` in
    microseconds since the epoch, of what it leads to. `acls`: path → entries of its access control list with numbers
    (`user:1001:r-x`), none where they could not be read. `interpreter`: what its first line `#!` names, of a file that
    may be executed; None where that could not be read. The way to it is in `parts` too, as far as it is there.
    `noexec`: where that is how such a file, or its interpreter, is mounted, '' where it is not.
    """

    FACT: ClassVar[str] = "way"
    parts: Parts
    missing: str = ""
    size: int = 0
    mtime: int = 0
    ctime: int = 0
    acls: dict[str, list[str]] | None = None
    interpreter: str | None = ""
    interpreter_missing: str = ""
    noexec: str = ""

    def rows(self) -> Iterator[tuple[str, str, int, int, int, str]]:
        """(path, kind, uid, gid, mode, link target) of each part."""
        return list_rows(self.parts)


@dataclass(frozen=True, slots=True)
class UserIds:
    """Subject: a user's name or number. Its ids, all groups of a login, and who shares its first group."""

    FACT: ClassVar[str] = "user"
    uid: int
    gid: int
    groups: list[int]
    sharing: list[str]


@dataclass(frozen=True, slots=True)
class UnitWriters:
    """Subject: `units`. What in systemd's unit folders, or on the way to them, not only root can write.

    `parts` are those files and folders, and what links to files outside of these folders lead over; `links` are those
    links.
    """

    FACT: ClassVar[str] = "unit.writers"
    parts: Parts
    links: list[str]

    def rows(self) -> Iterator[tuple[str, str, int, int, int, str]]:
        """(path, kind, uid, gid, mode, link target) of each part."""
        return list_rows(self.parts)


def list_rows(parts: Mapping[str, list[str]]) -> Iterator[tuple[str, str, int, int, int, str]]:
    for path, (kind, uid, gid, mode, target) in parts.items():
        yield path, kind, int(uid), int(gid), int(mode, 8), target
