"""Units that exist, as they are found in a folder or on a host."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A file of what is to be adopted: `path` relative to what was searched, or on the host.

    `link` is what a symbolic link says, None for a file. `problem`: why its content could not be had. `link_at`: the
    link that was followed to it, its own or that of its folder, and `via` what that link says.
    """

    path: str
    content: bytes = b""
    link: str | None = None
    problem: str = ""
    link_at: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class UnitState:
    """What a live host says of a unit: `enabled` as systemctl is-enabled, `active` as is-active; "" where unknown."""

    enabled: str = ""
    active: str = ""
