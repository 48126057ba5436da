"""The sections of the registry report beside its modules. `state` says whether a row's facts are known."""

from pydantic import Field

from qtctl.model.evidence import State
from qtctl.model.states import KeyType
from qtctl.model.unit_kinds import UnitKind
from qtctl.reports.baseline import Baseline
from qtctl.reports.categories import Category
from qtctl.reports.document import Part


class UnitRow(Part):
    """A target, or something external. `active` and `sub` are `unknown` where they are not known."""

    name: str
    unit: str
    declared: str
    category: Category
    active: str
    sub: str
    summary: str
    proof_line: str


class OtherUnitRow(UnitRow):
    """A unit of any other kind. `starts`: the unit that a socket, path or automount starts, else empty."""

    kind: UnitKind
    starts: str


class TimerRow(Part):
    """`next` and `last` are UTC, ISO 8601; `none` and `never` where there is no such time, `unknown` where unknown."""

    name: str
    unit: str
    starts: str
    declared: str
    category: Category
    active: str
    schedule: tuple[str, ...]
    next: str
    last: str
    proof_line: str


class StoreRow(Part):
    """A Redis server. Seconds and bytes; null where `state` is not observed."""

    name: str
    unit: str
    address: str
    state: State
    reason: str
    version: str | None
    uptime_s: int | None
    used_memory: int | None
    proof_line: str = Field(default="", description="what was asked, and the line that answers; empty: not asked")


class GroupRow(Part):
    """A declared consumer group. `lag` null: not known, as Redis itself may not know it."""

    group: str
    service: str
    state: State
    reason: str
    lag: int | None
    max_lag: int
    pending: int | None
    consumers: int | None
    proof_line: str = Field(default="", description="what was asked, and the line that answers; empty: not asked")


class StreamRow(Part):
    """`newest_age_s` is the age of the newest entry when that was asked; null: not known, or never had one."""

    name: str
    store: str
    state: State
    reason: str
    length: int | None
    newest_age_s: int | None
    ever_written: bool | None
    max_age_s: float | None
    publishers: tuple[str, ...]
    groups: tuple[GroupRow, ...]
    proof_line: str = Field(default="", description="what was asked, and the line that answers; empty: not asked")


class KeyRow(Part):
    """`type` as seen; null where the key is absent or not known, as `state` says."""

    name: str
    store: str
    declared_type: KeyType
    state: State
    reason: str
    type: str | None
    writers: tuple[str, ...]
    proof_line: str = Field(default="", description="what was asked, and the line that answers; empty: not asked")


class SocketRow(Part):
    address: str
    unit: str = Field(description="the owner by its control group; empty where the kernel names none")


class PortRow(Part):
    """A declared port and who listens there.

    `found`: listening, wrong-address (its unit, at another address), elsewhere (another unit), nobody, unknown.
    """

    unit: str
    name: str
    protocol: str
    address: str
    port: int
    found: str
    listening: tuple[SocketRow, ...]
    proof_line: str = Field(default="", description="what was asked, and the line that answers; empty: not asked")


class StrayPort(Part):
    """A unit of the fleet listens where nothing is declared."""

    unit: str
    protocol: str
    address: str
    port: int


class VenvRow(Part):
    """`status`: works, broken, missing, unknown."""

    name: str
    path: str
    status: str
    reason: str
    interpreter: str
    resolved: str | None
    used_by: tuple[str, ...]
    proof_line: str = Field(default="", description="what was asked, and the line that answers; empty: not asked")


class Infrastructure(Part):
    host: Baseline
    externals: tuple[UnitRow, ...]
    stores: tuple[StoreRow, ...]
