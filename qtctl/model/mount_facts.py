"""What is mounted on a host, and what the next boot will mount."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class BootMounts:
    """Subject: `*`. missing: what fstab mounts at every boot and is not mounted now. Absent if there is no fstab."""

    FACT: ClassVar[str] = "boot.mounts"
    missing: list[str]


@dataclass(frozen=True, slots=True)
class LateMounts:
    """Subject: `*`. Mount unit → its mount point, its unit file ('' if it has none), and what was mounted there.

    Only mounts that were made after the boot, and that the next boot will not make.
    """

    FACT: ClassVar[str] = "mounts.late"
    mounts: dict[str, list[str]]
