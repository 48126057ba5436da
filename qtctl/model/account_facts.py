"""Facts of a host's accounts and of its hosts file."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Account:
    """Subject: the name of a user, or a number: the user that has this uid. Without the comment field."""

    FACT: ClassVar[str] = "account"
    name: str
    uid: int
    gid: int
    home: str
    shell: str


@dataclass(frozen=True, slots=True)
class Group:
    """Subject: the name of a group, or a number: the group that has this gid.

    `members`: those whose first group it is are not among them.
    """

    FACT: ClassVar[str] = "group"
    name: str
    gid: int
    members: list[str]


@dataclass(frozen=True, slots=True)
class Hosts:
    """Subject: /etc/hosts. rows: [address, names…] outside the fleet's block that give a declared name.

    block: the lines between its marks, None without one; `broken`: why the block's marks cannot be trusted, or ''.
    """

    FACT: ClassVar[str] = "hosts"
    rows: list[list[str]]
    block: list[str] | None
    broken: str = ""
