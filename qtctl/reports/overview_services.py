"""The services of an overview, and which of them are critical."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import Field

from qtctl.dialects.systemd.size import INFINITY
from qtctl.meaning.units import get_start_us, is_up
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.moments import parse_microseconds
from qtctl.reports.categories import Category
from qtctl.reports.check import Check
from qtctl.reports.document import Part
from qtctl.reports.look import FactReader, format_iso
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.modules import UNKNOWN, Found, find_unit
from qtctl.reports.modules_model import Module, Unknown
from qtctl.reports.sections_model import TimerRow, UnitRow


class OverviewService(Part):
    """A module of the module registry. `declared`: running, stopped, on-timer, on-demand, retired, undeclared."""

    name: str
    unit: str
    group: str
    owner: str
    critical: bool
    declared: str
    category: Category
    summary: str
    port: int | Unknown | None
    started_at: str | None = Field(description="UTC, ISO 8601; null if it is not up; unknown if the host did not say")
    up_s: int | Unknown | None = Field(
        description="seconds that it had been up when the evidence was taken; null if it is not up"
    )
    restarts: int | Unknown | None = Field(
        description="how often systemd has restarted it since it was last started on request; null if there is no unit"
    )
    memory_bytes: int | None = Field(description="what its processes use; null if there are none, or it is not known")
    memory_max_bytes: int | None = Field(description="MemoryMax= as systemd has it loaded; null if there is no limit")
    proof_line: str


class CriticalRow(Part):
    """A unit that the fleet cannot do without: the registry says so, or a critical unit needs it."""

    unit: str
    summary: str
    owner: str
    declared: bool
    needed_by: tuple[str, ...] = Field(
        description="the critical units that need it; empty if it is declared critical itself"
    )
    category: Category
    findings: tuple[str, ...] = Field(description="ids of the findings about it")
    proof_line: str


def list_findings_about(unit: str, file: str, findings: Iterable[Check]) -> tuple[Check, ...]:
    """Findings whose subject is the unit, and those of what the service's own file declares: its ports, its streams."""
    own = file.startswith("services/")
    return tuple(each for each in findings if each.subject == unit or (own and each.declared.partition(":")[0] == file))


def list_services(report: RegistryReport, desired: Desired, look: FactReader) -> tuple[OverviewService, ...]:
    declared: Mapping[str, DesiredUnit] = {each.unit: each for each in desired.services}
    return tuple(_make_service(module, declared.get(module.unit), look) for module in report.modules)


def _make_service(module: Module, declared: DesiredUnit | None, look: FactReader) -> OverviewService:
    here = find_unit(module.unit, look)
    started_at, up_s, restarts = _measure_run(here, look.facts.taken_at)
    memory, memory_max = _measure_memory(here)
    return OverviewService(
        name=module.name,
        unit=module.unit,
        group=module.group,
        owner=declared.owner if declared else "",
        critical=declared.critical if declared else False,
        declared=module.declared,
        category=module.category,
        summary=module.summary,
        port=module.runtime.port,
        started_at=started_at,
        up_s=up_s,
        restarts=restarts,
        memory_bytes=memory,
        memory_max_bytes=memory_max,
        proof_line=module.proof_line,
    )


def _measure_run(here: Found, taken_at: str) -> tuple[str | None, int | Unknown | None, int | Unknown | None]:
    """When it started, for how many seconds it has been up, how often it was restarted. By the host's clock."""
    seen = here.seen.value
    if seen is None and here.seen.known:
        return None, None, None
    if seen is None or not here.whole:
        return UNKNOWN, UNKNOWN, UNKNOWN
    start_us = get_start_us(seen)
    if not is_up(seen.active_state):
        return None, None, seen.n_restarts
    if not start_us:
        return UNKNOWN, UNKNOWN, seen.n_restarts
    up_us = parse_microseconds(taken_at) - start_us
    return format_iso(start_us), max(up_us, 0) // 1_000_000, seen.n_restarts


def _measure_memory(here: Found) -> tuple[int | None, int | None]:
    """What it uses, and its limit. Bytes."""
    seen = here.seen.value
    if seen is None:
        return None, None
    most = (seen.loaded or {}).get("MemoryMax")
    return seen.memory_current, most if isinstance(most, int) and 0 < most < INFINITY else None


def list_critical(report: RegistryReport, desired: Desired, findings: Sequence[Check]) -> tuple[CriticalRow, ...]:
    """What is declared critical, then what those units cannot run without: Requires=, BindsTo=, their stores."""
    reasons: dict[str, list[str]] = {}
    units = {name: each for each in desired.units() for name in each.names}
    declared = [each.unit for each in desired.units() if each.critical]
    reasons.update((unit, []) for unit in declared)
    waiting = [*declared]
    while waiting:
        unit = waiting.pop(0)
        for needed in _list_needed(units.get(unit), desired):
            found = units[needed].unit if needed in units else needed
            if found not in reasons:
                waiting.append(found)
            if found not in declared and unit not in reasons.setdefault(found, []):
                reasons[found].append(unit)
    rows: tuple[Module | UnitRow | TimerRow, ...] = (
        *report.modules,
        *report.infrastructure.externals,
        *report.targets,
        *report.timers,
        *report.units,
    )
    seen = {row.unit: row for row in rows}
    return tuple(
        _make_critical(unit, needed_by, seen.get(unit), units.get(unit), findings)
        for unit, needed_by in reasons.items()
    )


def _list_needed(unit: DesiredUnit | None, desired: Desired) -> Iterator[str]:
    if unit is None:
        return
    yield from unit.requires
    yield from unit.binds_to
    if isinstance(unit, DesiredService):
        used = {unit.store, *(each.store for each in unit.consumes)}
        yield from (each.unit for each in desired.stores if each.name in used)


def _make_critical(
    unit: str,
    needed_by: Sequence[str],
    seen: Module | UnitRow | TimerRow | None,
    declared: DesiredUnit | None,
    findings: Sequence[Check],
) -> CriticalRow:
    file = declared.origin.file if declared else ""
    return CriticalRow(
        unit=unit,
        summary=declared.summary if declared else "",
        owner=declared.owner if declared else "",
        declared=not needed_by,
        needed_by=tuple(needed_by),
        category=seen.category if seen else Category.UNKNOWN,
        findings=tuple(sorted({each.id for each in list_findings_about(unit, file, findings)})),
        proof_line=seen.proof_line if seen else "",
    )
