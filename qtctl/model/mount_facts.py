"""What is mounted on a host, and what the next boot will mount."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class BootMounts:
    """Subject: `*`. missing: what fstab wants mounted at every boot and is not mounted now. Absent without an fstab."""

    FACT: ClassVar[str] = "boot.mounts"
    missing: list[str]


@dataclass(frozen=True, slots=True)
class LateMounts:
    """Subject: `*`. Mount unit → where it is mounted, its unit file ('': it has none), and what it was made from.

    Those that were mounted after the boot, and that the next boot will not mount.
    """

    FACT: ClassVar[str] = "mounts.late"
    mounts: dict[str, list[str]]
