"""What `qtctl host prepare` installs on a host, what it found there, and the steps that follow."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A file of root's; empty `content` means that there should be none.

    `mode`: four octal digits. `mark`: how the first lines of a file that qtctl wrote begin.
    """

    path: str
    mode: str
    content: bytes
    mark: str
    quiet: bool = False
    """Whether it is too long to be shown; then only that it differs is shown."""
    shared: bool = False
    """Whether other fleets on the host need it too."""


@dataclass(frozen=True, slots=True)
class PreparedAccount:
    """A login account. `home`, `shell` and `uid`: as declared, or chosen by qtctl."""

    name: str
    home: str
    shell: str
    uid: int | None = None


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything for one host."""

    fleet: str
    host: str
    files: tuple[PreparedFile, ...]
    accounts: tuple[PreparedAccount, ...]


@dataclass(frozen=True, slots=True)
class SeenFile:
    """`kind`: file, absent, or another type. `content` is None if it is too large."""

    kind: str
    owner: str = ""
    mode: str = ""
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class HostSeen:
    """`trouble`: what is in the way, in words: a folder that others can write, no visudo, invalid sudoers.

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
