"""Facts of what is set for all services of a host at once, and of what replaces the program of a package's unit."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ManagerSettings:
    """Subject: `system` or `journald`. rows: [file, key, value] of each assignment in its files, as it reads them.

    Values that programs would get in their environment are left out. `unread`: files that the account may not read.
    """

    FACT: ClassVar[str] = "manager.settings"
    rows: list[list[str]]
    unread: list[str]


@dataclass(frozen=True, slots=True)
class UnitOverrides:
    """Subject: a unit of a package. files: those that give it another program, outside of the folder of packages."""

    FACT: ClassVar[str] = "unit.overrides"
    files: list[str]
