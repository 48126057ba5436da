"""Accounts, folders and host names that a host needs: the tables of users.toml, folders.toml and [HOST.hosts_file]."""

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from qtctl.dialects.systemd.sysusers import NAME
from qtctl.model.expect import Expect, Unfit
from qtctl.model.fields import AbsolutePath, HostRef, Node, Number, Span, Switch

SystemName = Annotated[
    str,
    StringConstraints(pattern=rf"^{NAME}$"),
    Expect("a name: a letter or _, then letters, digits, _ and -, at most 31"),
]
"""The name of a user or group, as far as systemd-sysusers takes them."""
FolderMode = Annotated[str, StringConstraints(pattern=r"^[0-7]{3,4}$"), Expect('a file mode, such as "0755"')]
HostAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$", max_length=253),
    Expect('the name of a host, such as "db" or "db.example.org"'),
]
"""A name in the hosts file. An underscore, which domain names cannot have, is common in names from containers."""


def _check_id(number: int | None) -> int | None:
    if number in (0xFFFF, 0xFFFFFFFF):
        raise Unfit("means no account to the kernel", "means no account to the kernel")
    return number


def _check_address(text: str) -> str:
    ip_address(text)
    return text


Id = Annotated[Number, Field(ge=1, le=0xFFFFFFFF), AfterValidator(_check_id)]
Address = Annotated[
    str, StringConstraints(pattern=r"^[0-9A-Fa-f:.]+$"), AfterValidator(_check_address), Expect("an IP address")
]


class User(Node):
    """A system account. If uid, gid, home or shell is not given, the host chooses it and it is not judged."""

    summary: str
    state: Literal["present", "retired"] = "present"
    hosts: tuple[HostRef, ...] = ()
    why: str = ""
    uid: Id | None = None
    group: SystemName | None = None
    gid: Id | None = None
    groups: tuple[SystemName, ...] = ()
    home: AbsolutePath | None = None
    shell: AbsolutePath | None = None


class Folder(Node):
    summary: str
    state: Literal["present", "retired"] = "present"
    hosts: tuple[HostRef, ...] = ()
    why: str = ""
    mode: FolderMode = "0755"
    user: SystemName = "root"
    group: SystemName | None = None
    age: Span | None = None


class HostsFile(Node):
    aliases: dict[Address, tuple[HostAlias, ...]]
    cloud_init: Switch = False
