"""Existing units, as found in a folder or on a host."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A file to adopt: `path` is relative to the searched folder, or on the host.

    `link` is the target of a symbolic link, None for a file. `problem`: why its content could not be read. `link_at`:
    the link that was followed to reach it, its own or its folder's, and `via` that link's target.
    """

    path: str
    content: bytes = b""
    link: str | None = None
    problem: str = ""
    link_at: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class UnitState:
    """What a live host says about a unit: `enabled` as systemctl is-enabled, `active` as is-active; "" if unknown."""

    enabled: str = ""
    active: str = ""
