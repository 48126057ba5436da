"""Targets, timers, externals, stores and venvs: what is declared beside what was seen."""

from collections.abc import Iterator
from dataclasses import dataclass

from qtctl.meaning.units import LoopLimits
from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import Desired, DesiredTimer, DesiredVenv
from qtctl.model.desired_store import DesiredStore
from qtctl.model.facts import HostBaseline, Unit
from qtctl.model.moments import NEVER
from qtctl.model.store_facts import StoreServer
from qtctl.model.unit_kinds import DECLARED_IN, OTHER_UNIT_TABLES, UnitKind
from qtctl.reports.baseline import make_baseline
from qtctl.reports.look import FactReader, format_iso
from qtctl.reports.modules import (
    RETIRED,
    UNDECLARED,
    UNKNOWN,
    classify_found,
    find_unit,
    format_status,
    list_retired,
    list_undeclared,
    make_systemd,
    strip_suffix,
    write_proof,
)
from qtctl.reports.sections_model import Infrastructure, OtherUnitRow, StoreRow, TimerRow, UnitRow, VenvRow


@dataclass(frozen=True, slots=True)
class DeclaredRow:
    """What the registry says about a unit: its state, or that it is retired or not declared."""

    name: str
    unit: str
    declared: str
    summary: str


def list_targets(desired: Desired, look: FactReader) -> tuple[UnitRow, ...]:
    said = [
        DeclaredRow(each.name, each.unit, each.declared, each.summary)
        for each in desired.targets
        if not each.is_template
    ]
    said += list_strays(desired, look, ".target")
    return tuple(make_unit_row(each, desired, look) for each in sorted(said, key=lambda each: each.unit))


def list_other_units(desired: Desired, look: FactReader) -> tuple[OtherUnitRow, ...]:
    """Sockets, paths, slices, mounts, automounts and swaps."""
    starts = {each.unit: each.triggers for each in desired.other_units}
    units = (each for each in desired.other_units if not each.is_template)
    said = [DeclaredRow(each.name, each.unit, each.declared, each.summary) for each in units]
    for table in OTHER_UNIT_TABLES:
        said += list_strays(desired, look, DECLARED_IN[table].kind.suffix)
    return tuple(
        OtherUnitRow(
            **dict(make_unit_row(each, desired, look)),
            kind=UnitKind.of(each.unit),
            starts=starts.get(each.unit, UNKNOWN),
        )
        for each in sorted(said, key=lambda each: each.unit)
    )


def list_strays(desired: Desired, look: FactReader, suffix: str) -> Iterator[DeclaredRow]:
    """Retired and undeclared units that are on the host, or may be."""
    for unit, why in list_retired(desired, look, suffix):
        yield DeclaredRow(strip_suffix(unit), unit, RETIRED, why)
    for unit in list_undeclared(desired, look, suffix):
        yield DeclaredRow(strip_suffix(unit), unit, UNDECLARED, "")


def make_unit_row(said: DeclaredRow, desired: Desired, look: FactReader) -> UnitRow:
    here = find_unit(said.unit, look)
    state = make_systemd(here)
    return UnitRow(
        name=said.name,
        unit=said.unit,
        declared=said.declared,
        category=classify_found(here, LoopLimits.of(desired, look.facts.taken_at)),
        active=state.active,
        sub=state.sub,
        summary=said.summary,
        proof_line=write_proof(here),
    )


def list_timers(desired: Desired, look: FactReader) -> tuple[TimerRow, ...]:
    timers = (each for each in desired.timers if not each.is_template)
    rows = [make_timer_row(list_timer(timer), timer, desired, look) for timer in timers]
    rows += [make_timer_row(said, None, desired, look) for said in list_strays(desired, look, ".timer")]
    return tuple(sorted(rows, key=lambda row: row.unit))


def list_timer(timer: DesiredTimer) -> DeclaredRow:
    return DeclaredRow(timer.name, timer.unit, timer.declared, timer.summary)


def make_timer_row(said: DeclaredRow, timer: DesiredTimer | None, desired: Desired, look: FactReader) -> TimerRow:
    here = find_unit(said.unit, look)
    unit = here.seen.value
    last = format_iso(unit.last_trigger_usec) if unit else None
    return TimerRow(
        name=said.name,
        unit=said.unit,
        starts=timer.starts if timer else UNKNOWN,
        declared=said.declared,
        category=classify_found(here, LoopLimits.of(desired, look.facts.taken_at)),
        active=make_systemd(here).active,
        schedule=tuple(f"{key}={value}" for key, value in timer.schedule) if timer else (),
        next=find_next_run(unit, look) if here.whole else UNKNOWN,
        last=(last or "never") if here.whole else UNKNOWN,
        proof_line=write_proof(here),
    )


def find_next_run(timer: Unit | None, look: FactReader) -> str:
    """The earlier of both clocks.

    A monotonic time counts from boot, and the host's uptime gives the time of that to a second.
    """
    if timer is None:
        return "none"
    times = [timer.next_elapse_usec_realtime] if 0 < timer.next_elapse_usec_realtime < NEVER else []
    if 0 < timer.next_elapse_usec_monotonic < NEVER:
        host = look.see(HostBaseline, "host").value
        if host is None:
            return UNKNOWN
        times.append(look.now_us - host.uptime_s * 1_000_000 + timer.next_elapse_usec_monotonic)
    return format_iso(min(times)) or "none" if times else "none"


def make_infrastructure(desired: Desired, look: FactReader) -> Infrastructure:
    externals = (
        make_unit_row(DeclaredRow(each.name, each.unit, each.declared, each.summary), desired, look)
        for each in desired.externals
    )
    return Infrastructure(
        host=make_baseline(look.facts),
        externals=tuple(externals),
        stores=tuple(store_row(store, look) for store in desired.stores),
    )


def store_row(store: DesiredStore, look: FactReader) -> StoreRow:
    seen = look.see(StoreServer, store.name)
    server = seen.value
    return StoreRow(
        name=store.name,
        unit=store.unit,
        address=store.shown_address,
        state=seen.state,
        reason="" if server else seen.why,
        version=server.version if server else None,
        uptime_s=server.uptime_s if server else None,
        used_memory=server.used_memory if server else None,
        proof_line=look.prove(StoreServer, store.name),
    )


def list_venvs(desired: Desired, look: FactReader) -> tuple[VenvRow, ...]:
    return tuple(make_venv_row(venv, look) for venv in desired.venvs)


def make_venv_row(venv: DesiredVenv, look: FactReader) -> VenvRow:
    seen = look.see(VenvCheck, venv.path)
    status = format_status(seen)
    check = seen.value
    broken = f"exit {check.exit}: {check.output}" if check and status == "broken" else ""
    return VenvRow(
        name=venv.name,
        path=venv.path,
        status=status,
        reason=broken if seen.known else seen.why,
        interpreter=venv.interpreter,
        resolved=check.resolved if check else None,
        used_by=venv.used_by,
        proof_line=look.prove(VenvCheck, venv.path),
    )
