"""Which host a command looks at, and which registry says what it must have."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Target(NamedTuple):
    """`as_name`: the registry host that `host` stands in for. `user`: whom to log in as.

    `become`: root is asked, through `sudo -n`, what only root can tell.
    """

    registry: "Path"
    host: str
    as_name: str | None = None
    user: str | None = None
    templates: "Path | None" = None
    become: bool = False
