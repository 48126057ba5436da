"""Facts that a deploy asks for before it changes anything: where it can write, secrets' keys, systemd's jobs."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Writable:
    """Subject: an absolute path that would be written or removed. Whether root can do that.

    `at`: the path itself, or the nearest existing folder above it. `writable`: False on a read-only file system, and if
    it is immutable. `mounted`: something is mounted on the path itself, so that it cannot be replaced by a rename.
    """

    FACT: ClassVar[str] = "writable"
    at: str
    writable: bool
    mounted: bool


@dataclass(frozen=True, slots=True)
class EnvKeys:
    """Subject: an env file. The names that it sets, and which of them are empty; never a value."""

    FACT: ClassVar[str] = "env.keys"
    names: list[str]
    empty: list[str]


@dataclass(frozen=True, slots=True)
class Jobs:
    """Subject: `*`. systemd's own state (`running`, `degraded`, `stopping` …), and unit → type and state of its job."""

    FACT: ClassVar[str] = "jobs"
    state: str
    jobs: dict[str, list[str]]
