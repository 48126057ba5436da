"""Facts about what a service starts with: the paths to its files, its user, and who could write unit files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

Parts = dict[str, list[str]]
"""Path, not followed → [kind, uid, gid, mode, link target]; kind as in qtctl.meaning.access, mode in octal."""


@dataclass(frozen=True, slots=True)
class PathWay:
    """Subject: an absolute path. Everything on the path to what it leads to, with links followed.

    `missing`: the first part that does not exist, '' if all do. `size` in bytes, `mtime` and `ctime` in microseconds
    since the epoch, of the file that it leads to; `ctime` only of files of packages. `acls`: path → entries of its
    access control list with numbers (`user:1001:r-x`), none if they could not be read. `interpreter`: the one that the
    first line `#!` of an executable file names, None if that could not be read; the path to it is in `parts` as well,
    as far as it exists. `noexec`: where such a file, or its interpreter, is mounted noexec, '' if it is not.
    `not_executable`: such a file is empty, or neither a script nor a program in a format that the kernel knows.
    `env_misses`: what a script asks env to run, and no folder of systemd's default PATH has.
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
    not_executable: bool = False
    env_misses: str = ""

    def rows(self) -> Iterator[tuple[str, str, int, int, int, str]]:
        """(path, kind, uid, gid, mode, link target) of each part."""
        return list_rows(self.parts)


@dataclass(frozen=True, slots=True)
class UserIds:
    """Subject: a user's name or number. Its ids, all groups it has after a login, and who shares its primary group.

    `group_names`: number, as text → name, of those groups that have one; None if an earlier qtctl did not keep them.
    """

    FACT: ClassVar[str] = "user"
    uid: int
    gid: int
    groups: list[int]
    sharing: list[str]
    group_names: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class UnitWriters:
    """Subject: `units`. What others than root can write in systemd's unit folders, or on the path to them.

    `parts`: these files and folders, and what lies on the path of links that lead out of these folders. `links`: those
    links.
    """

    FACT: ClassVar[str] = "unit.writers"
    parts: Parts
    links: list[str]

    def rows(self) -> Iterator[tuple[str, str, int, int, int, str]]:
        """(path, kind, uid, gid, mode, link target) of each part."""
        return list_rows(self.parts)


@dataclass(frozen=True, slots=True)
class OpenPaths:
    """Subject: `host`. Everything on the paths to what every account must be able to use, links followed.

    `acls`: as of a `PathWay`. `unseen`: path → why the auditing account could not look at it. `empty`: files without
    content.
    """

    FACT: ClassVar[str] = "open.paths"
    parts: Parts
    acls: dict[str, list[str]] | None
    unseen: dict[str, str]
    empty: list[str]


def list_rows(parts: Mapping[str, list[str]]) -> Iterator[tuple[str, str, int, int, int, str]]:
    for path, (kind, uid, gid, mode, target) in parts.items():
        yield path, kind, int(uid), int(gid), int(mode, 8), target
