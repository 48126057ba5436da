"""Code that services run, as code.toml says it."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from qtctl.model.expect import Expect
from qtctl.model.fields import AbsolutePath, HostRef, Node, Switch

Commit = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$"),
    Expect("a whole commit id: 40 or 64 digits and letters a to f, as `git rev-parse HEAD` prints it"),
]
Repository = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z][a-z+]*://([A-Za-z0-9._-]+@)?[^\s@]+|[A-Za-z0-9._-]+@[^\s@:/]+:[^\s@]+|/[^\s]+)$",
        max_length=1000,
    ),
    Expect('the address of a repository, without a password in it, such as "https://example.org/fleet.git"'),
]


class Code(Node):
    """A git checkout on the host. Without `commit`, any commit will do if the files match it.

    `install`: a deploy puts the commit there, as a link into its store.
    """

    path: AbsolutePath
    repo: Repository | None = None
    commit: Commit | None = None
    install: Switch = False
    state: Literal["present", "retired"] = "present"
    hosts: tuple[HostRef, ...] = ()
    summary: str = ""
    why: str = ""
