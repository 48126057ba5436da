"""What `qtctl host prepare` puts on a host, what it found there, and what it does about that."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A file of root's; where `content` is empty, there should be none.

    `mode` four octal digits. `mark`: what the first lines of one that qtctl wrote begin with.
    """

    path: str
    mode: str
    content: bytes
    mark: str
    quiet: bool = False
    """Whether it is too long to be shown: only that it differs is."""
    shared: bool = False
    """Whether the other fleets of the host need it as well."""


@dataclass(frozen=True, slots=True)
class PreparedAccount:
    """One that somebody logs in as. `home`, `shell` and `uid`: as declared, or ours to choose."""

    name: str
    home: str
    shell: str
    uid: int | None = None


@dataclass(frozen=True, slots=True)
class Preparation:
    """All of it for one host."""

    fleet: str
    host: str
    files: tuple[PreparedFile, ...]
    accounts: tuple[PreparedAccount, ...]


@dataclass(frozen=True, slots=True)
class SeenFile:
    """`kind`: file, absent, or what else is there. `content` is None of one that is too large."""

    kind: str
    owner: str = ""
    mode: str = ""
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class HostSeen:
    """`trouble`: what is in the way, in words: a folder that others may write, no visudo, sudoers that is broken.

    `shared_by`: other fleets that this host was prepared for.
    """

    files: dict[str, SeenFile]
    accounts: frozenset[str]
    trouble: tuple[str, ...] = ()
    shared_by: tuple[str, ...] = ()


class PrepareAction(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PrepareStep:
    """`subject`: a path, or the name of an account. `file`: what is written there."""

    action: PrepareAction
    kind: str
    subject: str
    why: str
    diff: str = ""
    file: PreparedFile | None = None
    account: PreparedAccount | None = None


@dataclass(frozen=True, slots=True)
class PreparePlan:
    """`refusals`: why nothing is done, in words."""

    fleet: str
    host: str
    steps: tuple[PrepareStep, ...]
    refusals: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[PrepareStep, ...]:
        return tuple(step for step in self.steps if step.action is not PrepareAction.NONE)
