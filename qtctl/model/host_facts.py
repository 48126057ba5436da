"""Facts of a host as a machine: clock, swap and pressure, file systems, shared uids, kills, what names lead to."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class HostState:
    """Subject: `host`. Volatile. Clocks in microseconds since the epoch, sizes in bytes.

    `clock_us`: the host's own clock, read at a moment that the auditor's clock had from `earliest_us` to `latest_us`.
    pressure: `memory`, `io`, `cpu` → percent of the last five minutes in which some, and in which all tasks waited;
    empty where the kernel does not say. `container`: what systemd says that the host runs in, '' for a machine.
    """

    FACT: ClassVar[str] = "host.state"
    clock_us: int
    earliest_us: int
    latest_us: int
    swap_total: int
    swap_free: int
    pressure: dict[str, list[float]]
    container: str = ""

    @property
    def skew_us(self) -> int:
        """How far the host's clock is ahead of the auditor's, at least; negative: behind; 0: they may agree."""
        ahead, behind = self.clock_us - self.latest_us, self.clock_us - self.earliest_us
        return ahead if ahead > 0 else min(behind, 0)


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Subject: an absolute path. The file system that it lies on, or would lie on if it were there. Sizes in bytes.

    `mount`: where that is mounted, '' where the host cannot say; `id`: its own number, in hexadecimal. `used` and
    `available` as df has them: what is kept for root is neither. `inodes` 0: it has no fixed number of them.
    `read_only`: where that is how it is mounted, '' where it is not.
    """

    FACT: ClassVar[str] = "filesystem"
    mount: str
    id: str
    used: int
    available: int
    inodes: int
    inodes_free: int
    read_only: str = ""


@dataclass(frozen=True, slots=True)
class SharedIds:
    """Subject: `*`. uid → the names of two or more accounts that have it, as the host itself resolves them."""

    FACT: ClassVar[str] = "accounts.shared"
    names: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Subject: a name of a host. The addresses that it leads to, through every source of nsswitch.conf."""

    FACT: ClassVar[str] = "name"
    addresses: list[str]


@dataclass(frozen=True, slots=True)
class OomKills:
    """Subject: `*`. Counter of the control group of a unit → how many of its processes were killed for memory.

    Absent where the kernel counts none by control group.
    """

    FACT: ClassVar[str] = "oom.kills"
    kills: dict[str, int]


@dataclass(frozen=True, slots=True)
class FrozenGroups:
    """Subject: `*`. files: `cgroup.events` of each unit's control group that the kernel says is frozen.

    systemd knows only what it was asked for itself. Absent where the kernel cannot freeze by control group.
    """

    FACT: ClassVar[str] = "frozen.groups"
    files: list[str]
