"""Facts of a host's accounts and of its hosts file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Account:
    """Subject: the name of a user, or a number, which means the user with this uid. Without the comment field."""

    FACT: ClassVar[str] = "account"
    name: str
    uid: int
    gid: int
    home: str
    shell: str


@dataclass(frozen=True, slots=True)
class Group:
    """Subject: the name of a group, or a number, which means the group with this gid.

    `members`: without the accounts whose primary group it is.
    """

    FACT: ClassVar[str] = "group"
    name: str
    gid: int
    members: list[str]


@dataclass(frozen=True, slots=True)
class Auditor:
    """Subject: `self`. The account that asks, and what is on the path to its home, its shell and the files they read.

    parts: path, links not followed → [kind, uid, gid, mode, link target]; kind as in qtctl.meaning.access, mode in
    octal. users, groups: number, as text → name, for those who own a part.
    """

    FACT: ClassVar[str] = "auditor"
    name: str
    uid: int
    home: str
    shell: str
    parts: dict[str, list[str]]
    users: dict[str, str]
    groups: dict[str, str]

    def rows(self) -> Iterator[tuple[str, str, int, int, int, str]]:
        """(path, kind, uid, gid, mode, link target) of each part."""
        for path, (kind, uid, gid, mode, target) in self.parts.items():
            yield path, kind, int(uid), int(gid), int(mode, 8), target


@dataclass(frozen=True, slots=True)
class Hosts:
    """Subject: /etc/hosts. rows: [address, names…] of lines outside the fleet's block that give a declared name.

    block: the lines between its marks, None if there is no block. `broken`: why the marks cannot be trusted, or ''.
    """

    FACT: ClassVar[str] = "hosts"
    rows: list[list[str]]
    block: list[str] | None
    broken: str = ""
