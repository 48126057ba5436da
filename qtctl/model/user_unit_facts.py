"""Facts of user managers."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class UserUnits:
    """Subject: `*`. Units with the fleet's names outside the system manager.

    files: paths of unit files for user managers. running: control groups of what runs in one. closed: users whose home
    cannot be entered → whether their manager is started at boot.
    """

    FACT: ClassVar[str] = "user.units"
    files: list[str]
    running: list[str]
    closed: dict[str, bool]
