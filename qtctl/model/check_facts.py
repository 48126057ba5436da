"""Facts that only checks of a registry read: its own, and of health URLs."""

from dataclasses import dataclass
from typing import ClassVar

from qtctl.model.json import JsonObject


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


@dataclass(frozen=True, slots=True)
class Health:
    """Subject: address, port and path of a declared health URL, requested from the host itself with one GET.

    `status`: 0 if there was no answer, for the reason in `error`. `cut`: whether the body was longer than what is read
    of it. `text`: whether the body contains the declared text, None if none is declared. `values`: those of the
    declared JSON keys that are in the body.
    """

    FACT: ClassVar[str] = "health"
    status: int
    error: str = ""
    cut: bool = False
    text: bool | None = None
    values: JsonObject | None = None
