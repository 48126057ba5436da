"""The registry's own checks for one host."""

from dataclasses import dataclass

from qtctl.model.desired_unit import Listener
from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class CommandWanted:
    """`output`, `contains` None: any output will do."""

    argv: tuple[str, ...]
    exit: int
    output: str | None
    contains: str | None
    within_us: int


@dataclass(frozen=True, slots=True)
class FileWanted:
    """`kind` as in a File fact, or `absent`. '' and None: any value will do."""

    path: str
    kind: str
    owner: str
    group: str
    mode: str
    max_age_us: int | None
    not_empty: bool
    min_size: int | None = None
    max_size: int | None = None
    sha256: str = ""
    line: str | None = None
    """A whole line that the file must have."""


@dataclass(frozen=True, slots=True)
class HttpWanted:
    """`url`: where to ask, and the expected answer."""

    url: Listener


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
    wanted: CommandWanted | HttpWanted | FileWanted | PropertyWanted
    origin: Origin
