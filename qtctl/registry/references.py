"""What the files of a registry say of each other: every name leads somewhere, no two claim one thing."""

from collections.abc import Iterator

from qtctl.dialects.paths import trouble
from qtctl.dialects.systemd.unit_name import valid
from qtctl.model.names import Names, unit_name, units_of
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry, Run, RunKind, Service
from qtctl.model.states import ServiceState
from qtctl.model.unit_kinds import UNIT_TABLES
from qtctl.registry.accounts import accounts
from qtctl.registry.addresses import collisions
from qtctl.registry.kinds import TIMES, kinds, starts_nothing
from qtctl.registry.problem import Problem
from qtctl.registry.units import order_problems, started, units

KNOWN = 20
"""Names in a hint. There may be as many hints as wrong names."""


def check_references(registry: Registry) -> list[Problem]:
    """Every problem of the whole registry, in file order."""
    names = Names.of(registry)
    problems = [
        *_hosts(registry),
        *_services(registry, names),
        *_targets(registry),
        *_timers(registry, names),
        *units(registry, names),
        *_stores(registry),
        *_replacements(registry),
        *_legacy(registry),
        *collisions(registry),
        *accounts(registry),
        *_unit_names(registry, names),
    ]
    return sorted(problems, key=lambda problem: (problem[1].file, problem[1].path, problem[0]))


def _hosts(registry: Registry) -> Iterator[Problem]:
    for kind in (*UNIT_TABLES, "dropins", "stores", "venvs", "externals", "users", "folders"):
        for name, node in getattr(registry, kind).items():
            origin = registry.origins[kind, name].at("hosts")
            for host in node.hosts:
                if host not in registry.hosts:
                    yield f"QT102 host {host} is not declared", origin, _known(registry.hosts)


def _services(registry: Registry, names: Names) -> Iterator[Problem]:
    for name, service in registry.services.items():
        origin = registry.origins["services", name]
        yield from _streams(registry, service, origin)
        if service.state is ServiceState.RETIRED:
            continue
        yield from _run(registry, service, origin)
        yield from kinds(service, service.type or registry.fleet.defaults.type, origin)
        yield from _target(registry, service, origin)
    yield from order_problems(registry.fleet.defaults.order, Origin("fleet.toml", ("defaults", "order")), names)


def _run(registry: Registry, service: Service, origin: Origin) -> Iterator[Problem]:
    run = service.run
    if run is None:
        yield f"a {service.state} service needs [run]", origin, "say how it is started, or retire it"
        return
    needed = {
        RunKind.UVICORN: "app",
        RunKind.MODULE: "module",
        RunKind.SCRIPT: "script",
        RunKind.COMMAND: "argv",
        RunKind.EXEC: "lines",
    }
    field = needed[run.kind]
    if not getattr(run, field) and not starts_nothing(service):
        yield f"run.kind {run.kind} needs run.{field}", origin.at("run", "kind"), f"add {field}"
    if run.kind is RunKind.UVICORN and run.port is None:
        yield "run.kind uvicorn needs run.port", origin.at("run", "kind"), "name one of its [ports]"
    if run.kind is RunKind.COMMAND and run.argv and not run.argv[0].startswith("/"):
        yield "run.argv[0] is not an absolute path", origin.at("run", "argv"), "systemd wants a whole path"
    if run.kind is RunKind.COMMAND and run.argv and (what := trouble(run.argv[0])):
        yield f"run.argv[0] {run.argv[0][:200]!r} {what}", origin.at("run", "argv"), "write its plain path"
    if run.port is not None and run.port not in service.ports:
        yield f"QT102 run.port {run.port} is not declared", origin.at("run", "port"), _known(service.ports)
    yield from _venv(registry, run, origin)


def _venv(registry: Registry, run: Run, origin: Origin) -> Iterator[Problem]:
    if run.venv is None:
        return
    venv = registry.venvs.get(run.venv)
    if venv is None:
        yield f"QT102 venv {run.venv} is not declared", origin.at("run", "venv"), "declare it in venvs.toml"
    elif venv.state == "retired":
        yield f"QT102 venv {run.venv} is retired", origin.at("run", "venv"), venv.why


def _target(registry: Registry, service: Service, origin: Origin) -> Iterator[Problem]:
    if service.target is None:
        return
    target = registry.targets.get(service.target)
    if target is None:
        yield f"QT102 target {service.target} is not declared", origin.at("target"), _known(registry.targets)
    elif target.state == "retired":
        yield f"QT102 target {service.target} is retired", origin.at("target"), target.why


def _streams(registry: Registry, service: Service, origin: Origin) -> Iterator[Problem]:
    streams = service.streams
    for key, named in (
        ("publishes", streams.publishes),
        ("consumes", tuple(streams.consumes)),
        ("writes", streams.writes),
        ("reads", streams.reads),
    ):
        for name in named:
            declared = registry.keys.get(name)
            if declared is None:
                yield f"QT102 key {name} is not declared", origin.at("streams", key), "declare it in streams.toml"
            elif key in ("publishes", "consumes") and declared.type != "stream":
                yield f"{name} is a {declared.type}, not a stream", origin.at("streams", key), "use writes or reads"


def _targets(registry: Registry) -> Iterator[Problem]:
    for name, target in registry.targets.items():
        origin = registry.origins["targets", name]
        if target.within is not None and target.within not in registry.targets:
            yield f"QT102 target {target.within} is not declared", origin.at("within"), _known(registry.targets)


def _timers(registry: Registry, names: Names) -> Iterator[Problem]:
    driven = {names.started(timer.service) for timer in registry.timers.values() if timer.state != "retired"}
    for name, timer in registry.timers.items():
        origin = registry.origins["timers", name]
        service = registry.services.get(timer.service)
        yield from started(timer.service, origin.at("service"), registry, names)
        if service is not None and timer.state != "retired" and service.state is ServiceState.RETIRED:
            yield f"QT102 service {timer.service} is retired", origin.at("service"), "retire the timer too"
        if timer.state != "retired" and not any(getattr(timer, key) for key in TIMES):
            yield f"timer {name} has no time to run at", origin, "add on_calendar, on_boot or on_unit_active"
        if timer.persistent and not timer.on_calendar:
            yield "QT112 persistent without on_calendar does nothing", origin.at("persistent"), "remove it"
    for name, service in registry.services.items():
        if service.state is ServiceState.ON_TIMER and not driven & _units(registry, name):
            yield "QT102 on-timer, and no timer runs it", registry.origins["services", name].at("state"), "add a timer"


def _units(registry: Registry, name: str) -> set[str]:
    return {unit_name(registry, "services", name), *units_of(registry, "services", name)}


def _stores(registry: Registry) -> Iterator[Problem]:
    for name, store in registry.stores.items():
        if store.external not in registry.externals:
            origin = registry.origins["stores", name].at("external")
            yield f"QT102 external {store.external} is not declared", origin, _known(registry.externals)
    for name, key in registry.keys.items():
        if key.store not in registry.stores:
            origin = registry.origins["keys", name].at("store")
            yield f"QT102 store {key.store} is not declared", origin, _known(registry.stores)


def _replacements(registry: Registry) -> Iterator[Problem]:
    for kind in ("services", "targets", "externals"):
        for name, node in getattr(registry, kind).items():
            for successor in node.replaced_by:
                if not any(successor in part for part in (registry.services, registry.externals, registry.targets)):
                    origin = registry.origins[kind, name].at("replaced_by")
                    yield f"QT102 {successor} is not declared", origin, "name a service, external or target"


def _legacy(registry: Registry) -> Iterator[Problem]:
    for record in registry.legacy:
        file = registry.legacy_files.get(record.compose, "legacy")
        for name, disposition in record.services.items():
            for successor in disposition.to:
                if successor not in registry.services and successor not in registry.externals:
                    origin = Origin(file, ("services", name, "to"))
                    yield f"QT809 {successor} is not declared", origin, "name a service or external of this registry"


def _unit_names(registry: Registry, names: Names) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for kind, name, unit in names.units:
        if unit in seen:
            yield f"{unit} is declared by {seen[unit]} too", registry.origins[kind, name], "give one another name"
        if not valid(unit):
            hint = "letters, digits and : _ . \\ @ -, at most 255"
            yield f"{unit[:300]!r} cannot be the name of a unit", registry.origins[kind, name], hint
        seen.setdefault(unit, name)


def _known(names: object) -> str:
    known = sorted(names) if isinstance(names, dict) else []
    more = f" and {len(known) - KNOWN} more" if len(known) > KNOWN else ""
    return f"declared: {', '.join(known[:KNOWN])}{more}" if known else "none is declared"
