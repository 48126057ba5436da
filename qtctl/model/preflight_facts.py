"""Facts that a deploy asks for before it changes anything: where it can write, secrets' keys, systemd's jobs."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Writable:
    """Subject: an absolute path that is to be written or removed. Whether root can do that.

    `at`: itself, or the nearest folder above it that is there. `writable` is False of a read-only file system and of
    what is immutable; `mounted`: something is mounted on the path itself, so that it cannot be renamed over.
    """

    FACT: ClassVar[str] = "writable"
    at: str
    writable: bool
    mounted: bool


@dataclass(frozen=True, slots=True)
class EnvKeys:
    """Subject: an env file. The names that it sets, never a value, and which of them to nothing."""

    FACT: ClassVar[str] = "env.keys"
    names: list[str]
    empty: list[str]


@dataclass(frozen=True, slots=True)
class Jobs:
    """Subject: `*`. systemd's own state (`running`, `degraded`, `stopping` …), and unit → type and state of its job."""

    FACT: ClassVar[str] = "jobs"
    state: str
    jobs: dict[str, list[str]]
