"""Which host a command looks at, and which registry says what it must have."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Target(NamedTuple):
    """`as_name`: the registry host that `host` stands in for. `user`: the account to log in as.

    `become`: read what only root can see, through `sudo -n`.
    """

    registry: "Path"
    host: str
    as_name: str | None = None
    user: str | None = None
    templates: "Path | None" = None
    become: bool = False
