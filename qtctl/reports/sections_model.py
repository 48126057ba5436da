"""The sections of the registry report beside its modules. `state` says whether a row's facts are known."""

from pydantic import Field

from qtctl.model.evidence import State
from qtctl.model.states import KeyType
from qtctl.model.unit_kinds import UnitKind
from qtctl.reports.baseline import Baseline
from qtctl.reports.categories import Category
from qtctl.reports.document import Part


class UnitRow(Part):
    """A target, or something external. `active` and `sub`: `unknown` if the host did not say."""

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
    """A Redis server. Seconds and bytes; null if `state` is not observed."""

    name: str
    unit: str
    address: str
    state: State
    reason: str
    version: str | None
    uptime_s: int | None
    used_memory: int | None
    proof_line: str = Field(
        default="", description="the question, and the line that answers it; empty if it was not asked"
    )


class GroupRow(Part):
    """A declared consumer group. `lag`: null if unknown, even to Redis itself."""

    group: str
    service: str
    state: State
    reason: str
    lag: int | None
    max_lag: int
    pending: int | None
    consumers: int | None
    proof_line: str = Field(
        default="", description="the question, and the line that answers it; empty if it was not asked"
    )


class StreamRow(Part):
    """`newest_age_s`: age of the newest entry when the stream was read; null if unknown, or if there never was one."""

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
    proof_line: str = Field(
        default="", description="the question, and the line that answers it; empty if it was not asked"
    )


class KeyRow(Part):
    """`type`: as observed; null if the key is absent or unknown, as `state` says."""

    name: str
    store: str
    declared_type: KeyType
    state: State
    reason: str
    type: str | None
    writers: tuple[str, ...]
    proof_line: str = Field(
        default="", description="the question, and the line that answers it; empty if it was not asked"
    )


class SocketRow(Part):
    address: str
    unit: str = Field(
        description="the owning unit, according to the control group; empty if the kernel does not name one"
    )


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
    proof_line: str = Field(
        default="", description="the question, and the line that answers it; empty if it was not asked"
    )


class StrayPort(Part):
    """A port on which a unit of the fleet listens although none is declared."""

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
    proof_line: str = Field(
        default="", description="the question, and the line that answers it; empty if it was not asked"
    )


class Infrastructure(Part):
    host: Baseline
    externals: tuple[UnitRow, ...]
    stores: tuple[StoreRow, ...]
