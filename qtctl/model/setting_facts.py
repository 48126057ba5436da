"""Facts of what is set for all services at once, what replaces a package's program, and what calls systemctl."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ManagerSettings:
    """Subject: `system` or `journald`. rows: [file, key, value] of each assignment in its files, as it reads them.

    For `environment`: ['', name, value] of each variable that systemd gives to every service. Values that programs
    would get in their environment are left out, except PATH. `unread`: files that the account may not read.
    """

    FACT: ClassVar[str] = "manager.settings"
    rows: list[list[str]]
    unread: list[str]


@dataclass(frozen=True, slots=True)
class UnitOverrides:
    """Subject: a unit from a package. files: those outside the package folders that give it another program."""

    FACT: ClassVar[str] = "unit.overrides"
    files: list[str]


@dataclass(frozen=True, slots=True)
class UnitCallers:
    """Subject: `host`, or `crontabs` of its users. rows: [verb, unit, file] of each call that starts or stops a unit.

    Calls of systemctl, service, invoke-rc.d and of systemd's bus, in the files of other units, crontabs, hooks, and the
    programs that these name. `unit`: as written there, possibly without .service, or with * and ?. `downs`: [word, how,
    file] of what would reboot the host or switch it off: a directive of a unit and its value, or `command` and which;
    None if an earlier qtctl did not look for that.
    """

    FACT: ClassVar[str] = "unit.callers"
    rows: list[list[str]]
    unread: list[str]
    downs: list[list[str]] | None = None


@dataclass(frozen=True, slots=True)
class UnitFiles:
    """Subject: `*`. Name of each unit file that systemd knows → its state, as `systemctl list-unit-files` shows it."""

    FACT: ClassVar[str] = "unit.files"
    files: dict[str, str]
