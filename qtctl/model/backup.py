"""A copy of everything installed on a host under its fleet's names, and the states of its units."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pydantic import TypeAdapter

from qtctl.model.states import ACTIVE_STATES

FORMAT = 1
"""Version of the manifest. A newer one is refused."""
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class EntryKind(StrEnum):
    FILE = "file"
    LINK = "link"
    FOLDER = "folder"
    STAMP = "stamp"
    """An empty file whose time says when a persistent timer last ran."""
    PRESENT = "present"
    """A file that may hold secrets: only its existence, owner and mode, not its content."""
    OTHER = "other"
    """A pipe, a socket, a device, or a file that is too large: never copied."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One path. `mode` as `0644`, '' for a link. `time`: of a stamp, seconds since the epoch with fraction.

    `why`: for OTHER, what it is.
    """

    path: str
    kind: EntryKind
    mode: str = ""
    owner: str = ""
    group: str = ""
    target: str = ""
    sha256: str = ""
    time: str = ""
    why: str = ""

    @property
    def has_content(self) -> bool:
        return self.kind is EntryKind.FILE

    @property
    def account(self) -> str:
        return f"{self.owner}:{self.group}"


@dataclass(frozen=True, slots=True)
class UnitThen:
    """The state of a unit. `triggered_by`: the timers, sockets and paths that start it."""

    unit: str
    load: str
    active: str
    sub: str
    file_state: str
    triggered_by: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """As `meaning.units.is_active`."""
        return self.active in ACTIVE_STATES


@dataclass(frozen=True, slots=True)
class Installed:
    """What is on a host under the fleet's names, sorted by path. `contents`: of its files, by digest."""

    entries: tuple[Entry, ...]
    contents: Mapping[str, bytes]

    def by_path(self) -> dict[str, Entry]:
        return {each.path: each for each in self.entries}


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a backup. `machine` as in HostBaseline. `registry`: digest of what was declared then."""

    format: int
    fleet: str
    host: str
    address: str
    hostname: str
    machine: str
    taken_at: str
    by: str
    version: str
    registry: str
    generation: str
    entries: tuple[Entry, ...]
    units: tuple[UnitThen, ...]


@dataclass(frozen=True, slots=True)
class Backup:
    """`contents`: of its files, by digest; none is missing."""

    manifest: Manifest
    contents: Mapping[str, bytes]

    @property
    def installed(self) -> Installed:
        return Installed(self.manifest.entries, self.contents)


@cache
def make_manifest_adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)
