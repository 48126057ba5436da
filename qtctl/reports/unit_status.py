"""How the units of hosts are; JSON."""

from collections.abc import Iterable, Iterator

from pydantic import Field

from qtctl.dialects.systemd.property_values import Plain
from qtctl.meaning.units import is_absent, is_active, is_awaiting_restart, is_up
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Unit
from qtctl.model.moments import make_moment
from qtctl.model.unit_status import HostLook, JournalAccess
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.version import VERSION

MOST_COUNTED = 1 << 63
"""systemd says infinity, or nothing at all, by larger numbers."""


class UnitRow(Part):
    unit: str
    declared: str = Field(description="what the registry says about it: running, stopped, on-timer, active …")
    as_declared: bool | None = Field(description="whether it is up, down or not failed as declared; null if unknown")
    load: str | None = Field(description="LoadState=; null if the state could not be read")
    active: str | None = Field(description="ActiveState=")
    sub: str | None = Field(description="SubState=")
    enabled: str | None = Field(description="state of its unit file: enabled, disabled, static …")
    result: str | None = Field(description="Result= of a service or a timer")
    since: str | None = Field(description="when it became what it is: UTC, ISO 8601")
    main_pid: int | None = Field(description="null if it has none")
    memory_bytes: int | None = Field(description="null if systemd does not count it")
    tasks: int | None = Field(description="null if systemd does not count them")
    restarts: int | None = Field(description="how often systemd has restarted it since it was last started by hand")
    reason: str = Field(description="why its state is unknown")
    lines: tuple[str, ...] = Field(description="its last lines in the journal, oldest first")


class HostStatus(Part):
    host: str
    address: str = Field(description="the host as it was asked for")
    reached: bool
    why: str = Field(description="why it was not reached")
    hint: str
    taken_at: str | None = Field(description="UTC, ISO 8601")
    user: str = Field(description="the account that looked")
    journal: JournalAccess = Field(description="whether the account may read the journal, if that was asked")
    units: tuple[UnitRow, ...]


class StatusTotals(Part):
    hosts: int
    reached: int
    units: int
    as_declared: int
    not_as_declared: int
    unknown: int


class StatusReport(Part):
    """The declared units of the hosts that were asked."""

    schema_version: int = SCHEMA_VERSION
    qtctl_version: str
    fleet: str
    hosts: tuple[HostStatus, ...]
    totals: StatusTotals


def build_report(looks: Iterable[tuple[Desired, HostLook]]) -> StatusReport:
    """At least one host, all of one fleet."""
    every = tuple(looks)
    hosts = tuple(_build_host(desired, look) for desired, look in every)
    rows = [row for host in hosts for row in host.units]
    totals = StatusTotals(
        hosts=len(hosts),
        reached=sum(host.reached for host in hosts),
        units=len(rows),
        as_declared=sum(row.as_declared is True for row in rows),
        not_as_declared=sum(row.as_declared is False for row in rows),
        unknown=sum(row.as_declared is None for row in rows),
    )
    return StatusReport(qtctl_version=VERSION, fleet=every[0][0].fleet, hosts=hosts, totals=totals)


def to_json(report: StatusReport) -> str:
    return dump(report)


def _build_host(desired: Desired, look: HostLook) -> HostStatus:
    declared = {each.unit: each for each in desired.units()}
    return HostStatus(
        host=desired.host,
        address=look.target,
        reached=look.facts is not None,
        why=look.why,
        hint=look.hint,
        taken_at=look.facts.taken_at if look.facts is not None else None,
        user=look.user,
        journal=look.journal,
        units=tuple(_build_row(declared[unit], look) for unit in look.units),
    )


def _build_row(unit: DesiredUnit, look: HostLook) -> UnitRow:
    facts = look.facts
    item = facts.find_item(Need(Unit.FACT, unit.unit)) if facts is not None else None
    if facts is None or item is None or not item.state.known:
        return _make_unknown(unit, item.reason or str(item.state) if item is not None else look.why)
    found = facts.read(Unit, unit.unit)
    lines = look.lines.get(unit.unit, ())
    if found is None or is_absent(found):
        row = _make_unknown(unit, "")
        absent = {"load": "not-found", "active": "inactive", "sub": "dead", "lines": lines, "as_declared": False}
        return row.model_copy(update=absent)
    loaded = found.loaded or {}
    since = make_moment(found.active_enter_timestamp if is_active(found.active_state) else found.state_change_timestamp)
    service = unit.unit.endswith(".service")
    return UnitRow(
        unit=unit.unit,
        declared=unit.declared,
        as_declared=_judge(unit, found),
        load=found.load_state,
        active=found.active_state,
        sub=found.sub_state,
        enabled=found.unit_file_state or None,
        result=found.result or None,
        since=since.isoformat(timespec="seconds").replace("+00:00", "Z") if since is not None else None,
        main_pid=found.main_pid or None,
        memory_bytes=found.memory_current,
        tasks=_read_count(loaded.get("TasksCurrent")),
        restarts=found.n_restarts if service else None,
        reason="",
        lines=lines,
    )


def _make_unknown(unit: DesiredUnit, reason: str) -> UnitRow:
    names = ("load", "active", "sub", "enabled", "result", "since", "main_pid", "memory_bytes", "tasks", "restarts")
    nothing: dict[str, None] = dict.fromkeys((*names, "as_declared"))
    return UnitRow(unit=unit.unit, declared=unit.declared, reason=reason, lines=(), **nothing)


def _judge(unit: DesiredUnit, found: Unit) -> bool:
    if unit.must_be_active is None:
        return found.active_state != "failed"
    up = is_up(found.active_state) and not is_awaiting_restart(found)
    return up is unit.must_be_active and found.active_state != "failed"


def _read_count(value: Plain) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_COUNTED else None


def list_unread(report: StatusReport) -> Iterator[HostStatus]:
    """Hosts whose journal the account may not read."""
    return (host for host in report.hosts if host.journal is JournalAccess.DENIED)
