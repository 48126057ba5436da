"""Rows of the module registry: what is declared of a unit beside what was seen of it."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise

from qtctl.dialects.shell import quote
from qtctl.meaning.units import LoopLimits, is_absent
from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import State
from qtctl.model.facts import File, Listeners, Unit, UnitListing
from qtctl.reports.categories import Category, classify
from qtctl.reports.look import FactReader, Seen
from qtctl.reports.modules_model import Code, Execution, Module, Runtime, Systemd, Unknown

UNKNOWN: Unknown = "unknown"
ENABLED = frozenset({"enabled", "enabled-runtime", "linked", "linked-runtime", "alias"})
RETIRED = "retired"
UNDECLARED = "undeclared"
NO_CODE = Code(module=None, path=None, entrypoint=None, has_code=None)


@dataclass(frozen=True, slots=True)
class Found:
    """A unit as seen. `whole`: its own properties were read, not only its line in the list of units."""

    unit: str
    seen: Seen[Unit]
    whole: bool


def list_modules(desired: Desired, look: FactReader) -> tuple[Module, ...]:
    """Declared services, retired ones that are there (or may be), and units of the fleet that nothing declares."""
    limits = LoopLimits.of(desired, look.facts.taken_at)
    rows = [make_declared_module(service, desired, look, limits) for service in desired.services]
    others = [(name, RETIRED, why) for name, why in list_retired(desired, look, ".service")]
    others += [(name, UNDECLARED, "") for name in list_undeclared(desired, look, ".service")]
    rows += [
        make_undeclared_module(find_unit(name, look), declared, why, look, limits) for name, declared, why in others
    ]
    return tuple(sorted(rows, key=lambda row: row.unit))


def list_retired(desired: Desired, look: FactReader, suffix: str) -> list[tuple[str, str]]:
    """(unit, why it was retired) for each retired unit that is on the host, or may be."""
    retired_units = {retired.unit: retired.why for retired in desired.retired_units if retired.unit.endswith(suffix)}
    return [(unit, why) for unit, why in sorted(retired_units.items()) if not is_gone(find_unit(unit, look).seen)]


def is_gone(seen: Seen[Unit]) -> bool:
    return seen.known and is_absent(seen.value)


def list_undeclared(desired: Desired, look: FactReader, suffix: str) -> list[str]:
    """Units on the host that belong to the fleet by their name and are not declared.

    Left out: templates, which cannot run, and aliases, whose unit is here under its own name.
    """
    listing = look.see(UnitListing, "*").value
    if listing is None:
        return []
    loaded = {name for name, state in listing.units.items() if state[:1] != ["not-found"] or name in listing.files}
    files = {name for name, state in listing.files.items() if state != "alias" and not name.endswith(f"@{suffix}")}
    names = {name for name in loaded | files if name.endswith(suffix)} - desired.unit_names()
    return sorted(name for name in names if any(fnmatchcase(name, pattern) for pattern in desired.unit_patterns))


def find_unit(unit: str, look: FactReader) -> Found:
    """The unit's own properties; if those are unknown, what the list of units says about it."""
    seen = look.see(Unit, unit)
    listing = look.see(UnitListing, "*").value
    if seen.known or listing is None:
        return Found(unit, seen, whole=seen.known)
    file = listing.files.get(unit, "")
    if unit in listing.units:
        load, active, sub = listing.units[unit]
        return Found(unit, Seen(State.OBSERVED, Unit(load, active, sub, file), ""), whole=False)
    if file:
        return Found(unit, Seen(State.OBSERVED, Unit("loaded", "inactive", "dead", file), ""), whole=False)
    return Found(unit, seen, whole=False)


def make_declared_module(service: DesiredService, desired: Desired, look: FactReader, limits: LoopLimits) -> Module:
    here = find_unit(service.unit, look)
    return Module(
        name=strip_suffix(service.unit),
        unit=service.unit,
        category=classify_found(here, limits),
        declared=service.state.value,
        group=service.category,
        summary=service.summary,
        systemd=make_systemd(here),
        execution=make_execution(here),
        code=make_code(service, look),
        runtime=make_runtime(service, desired, look),
        proof_line=write_proof(here),
    )


def make_undeclared_module(here: Found, declared: str, summary: str, look: FactReader, limits: LoopLimits) -> Module:
    return Module(
        name=strip_suffix(here.unit),
        unit=here.unit,
        category=classify_found(here, limits),
        declared=declared,
        group="",
        summary=summary,
        systemd=make_systemd(here),
        execution=make_execution(here),
        code=NO_CODE,
        runtime=Runtime(venv=None, venv_status=None, port=find_seen_port(here.unit, look), redis_streams=UNKNOWN),
        proof_line=write_proof(here),
    )


def strip_suffix(unit: str) -> str:
    return unit.rpartition(".")[0]


def classify_found(here: Found, limits: LoopLimits) -> Category:
    return classify(here.seen.value, limits) if here.seen.known else Category.UNKNOWN


def make_systemd(here: Found) -> Systemd:
    unit = here.seen.value
    if unit is None:
        state = "not-found" if here.seen.known else UNKNOWN
        enabled = None if here.seen.known else UNKNOWN
        return Systemd(loaded=state, active=state, sub=state, enabled=enabled, unit_file_state=state, description="")
    return Systemd(
        loaded=unit.load_state,
        active=unit.active_state,
        sub=unit.sub_state,
        enabled=unit.unit_file_state in ENABLED if unit.unit_file_state else None,
        unit_file_state=unit.unit_file_state,
        description=unit.description if here.whole else UNKNOWN,
    )


def make_execution(here: Found) -> Execution:
    unit = here.seen.value
    if not here.whole:
        return Execution(user=UNKNOWN, pid=UNKNOWN, working_dir=UNKNOWN, exec_path=UNKNOWN)
    if unit is None or unit.load_state == "not-found":
        return Execution(user=None, pid=None, working_dir=None, exec_path=None)
    argv = next(iter(unit.exec_start or []), [])
    return Execution(
        user=unit.user or "root",
        pid=unit.main_pid or None,
        working_dir=unit.working_directory or None,
        exec_path=argv[0] if argv else None,
    )


def make_code(service: DesiredService, look: FactReader) -> Code:
    return Code(
        module=find_module(service.argv),
        path=service.working_directory or None,
        entrypoint=service.entry_point or None,
        has_code=has_code(service.entry_point, look),
    )


def find_module(argv: tuple[str, ...]) -> str | None:
    """`python -m NAME`, or the application that uvicorn serves."""
    following = dict(pairwise(argv))
    name = following.get("-m")
    return following["uvicorn"].partition(":")[0] if name == "uvicorn" and "uvicorn" in following else name


def has_code(entry_point: str, look: FactReader) -> bool | None:
    seen = look.see(File, entry_point)
    if not entry_point or not seen.known:
        return None
    return seen.value is not None and seen.value.kind in ("file", "link")


def make_runtime(service: DesiredService, desired: Desired, look: FactReader) -> Runtime:
    streams = {*service.publishes, *(membership.stream for membership in service.consumes)}
    return Runtime(
        venv=next((venv.name for venv in desired.venvs if venv.path == service.venv), service.venv) or None,
        venv_status=format_status(look.see(VenvCheck, service.venv)) if service.venv else None,
        port=find_main_port(service.ports),
        redis_streams=sorted(streams),
    )


def find_main_port(ports: tuple[Listener, ...]) -> int | None:
    """The one with a health URL, else the first."""
    return next((each.port for each in sorted(ports, key=lambda each: not each.health_path)), None)


def format_status(seen: Seen[VenvCheck]) -> str:
    if not seen.known:
        return UNKNOWN
    if seen.value is None:
        return "missing"
    return "works" if seen.value.exit == 0 else "broken"


def find_seen_port(unit: str, look: FactReader) -> int | Unknown | None:
    seen = look.see(Listeners, "tcp")
    if not seen.known:
        return UNKNOWN
    rows = seen.value.rows if seen.value else []
    return min((int(port) for _, port, owner, _ in rows if owner == unit), default=None)


def write_proof(here: Found) -> str:
    """The command to run and the line that it printed; for an unknown unit, the reason."""
    unit = here.seen.value
    if not here.seen.known:
        return f"{show(here.unit, 'LoadState')} → {UNKNOWN}: {here.seen.why}"
    if unit is None or unit.load_state == "not-found":
        return f"{show(here.unit, 'LoadState')} → LoadState=not-found"
    if not here.whole:
        line = f"ActiveState={unit.active_state} SubState={unit.sub_state}"
        return f"{show(here.unit, 'ActiveState,SubState')} → {line}"
    line = f"ActiveState={unit.active_state} SubState={unit.sub_state} MainPID={unit.main_pid}"
    return f"{show(here.unit, 'ActiveState,SubState,MainPID')} → {line}"


def show(unit: str, properties: str) -> str:
    return f"systemctl show -p {properties} {quote(unit)}"
