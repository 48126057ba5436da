"""Facts of a host as a machine: clock, swap and pressure, file systems, shared uids, kills, what names lead to."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class HostState:
    """Subject: `host`. Volatile. Clocks in microseconds since the epoch, sizes in bytes.

    `clock_us`: the host's own clock, read when the auditor's clock was between `earliest_us` and `latest_us`. pressure:
    `memory`, `io`, `cpu` → percentage of the last five minutes in which some tasks waited, and in which all did; empty
    if the kernel does not report it. `container`: what the host runs in according to systemd, '' for a machine.
    `shutdown`: what is scheduled for `shutdown_at_us` (poweroff, reboot, halt, kexec), '' for nothing.
    """

    FACT: ClassVar[str] = "host.state"
    clock_us: int
    earliest_us: int
    latest_us: int
    swap_total: int
    swap_free: int
    pressure: dict[str, list[float]]
    container: str = ""
    shutdown: str = ""
    shutdown_at_us: int = 0

    @property
    def skew_us(self) -> int:
        """How far the host's clock is ahead of the auditor's, at least; negative: behind; 0: they may agree."""
        ahead, behind = self.clock_us - self.latest_us, self.clock_us - self.earliest_us
        return ahead if ahead > 0 else min(behind, 0)


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Subject: an absolute path. The file system that it is on, or would be on if it existed. Sizes in bytes.

    `mount`: where that is mounted, '' if the host cannot say. `id`: its number, in hexadecimal. `used` and `available`:
    as df counts them, so what is reserved for root is in neither. `inodes`: 0 if it has no fixed number of them.
    `read_only`: where it is mounted read-only, '' if it is not.
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
    """Subject: `*`. uid → the names of two or more accounts that share it, as the host itself resolves them."""

    FACT: ClassVar[str] = "accounts.shared"
    names: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Subject: a host name. The addresses that it resolves to, through every source of nsswitch.conf."""

    FACT: ClassVar[str] = "name"
    addresses: list[str]


@dataclass(frozen=True, slots=True)
class OomKills:
    """Subject: `*`. Memory event counter of a unit's control group → how many of its processes were killed (OOM).

    Absent if the kernel does not count them by control group.
    """

    FACT: ClassVar[str] = "oom.kills"
    kills: dict[str, int]


@dataclass(frozen=True, slots=True)
class FrozenGroups:
    """Subject: `*`. files: `cgroup.events` of each unit's control group that the kernel reports as frozen.

    systemd itself only knows about units that it was asked to freeze. Absent if the kernel cannot freeze control
    groups.
    """

    FACT: ClassVar[str] = "frozen.groups"
    files: list[str]
