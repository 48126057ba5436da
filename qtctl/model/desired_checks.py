"""The checks of its own that a registry has for one host."""

from dataclasses import dataclass

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class CommandWanted:
    """`output`, `contains` None: whatever it prints."""

    argv: tuple[str, ...]
    exit: int
    output: str | None
    contains: str | None
    within_us: int


@dataclass(frozen=True, slots=True)
class FileWanted:
    """`kind` as of a File fact, or `absent`. '' and None: whatever it has."""

    path: str
    kind: str
    owner: str
    group: str
    mode: str
    max_age_us: int | None
    not_empty: bool


@dataclass(frozen=True, slots=True)
class PropertyWanted:
    unit: str
    property: str
    value: str


@dataclass(frozen=True, slots=True)
class DesiredCheck:
    """`severity`: info, warning or error."""

    id: str
    summary: str
    severity: str
    why: str
    remedy: str
    wanted: CommandWanted | FileWanted | PropertyWanted
    origin: Origin
