"""Facts that only a registry's own checks read."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Subject: the id of a check. How its command ended, and the first 4,096 bytes of its output (both streams).

    `late`: it was killed because it took longer than declared.
    """

    FACT: ClassVar[str] = "check.command"
    exit: int
    output: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class FileLine:
    """Subject: the id of a check. Whether its file has the expected line; the file itself is a File fact."""

    FACT: ClassVar[str] = "file.line"
    there: bool


@dataclass(frozen=True, slots=True)
class UnitProperty:
    """Subject: `UNIT PROPERTY`. Its first line, as `systemctl show` prints it."""

    FACT: ClassVar[str] = "unit.property"
    value: str
