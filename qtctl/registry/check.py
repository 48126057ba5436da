"""What makes a registry unusable although every file is valid: unknown names, and two claims to the same thing."""

from collections.abc import Iterator

from qtctl.dialects.nearest import Known
from qtctl.dialects.paths import explain_trouble
from qtctl.dialects.systemd.unit_name import is_valid
from qtctl.model.names import Names, list_spoken_names
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.model.service import RunKind, Service
from qtctl.model.states import ServiceState
from qtctl.model.unit_kinds import UNIT_TABLES
from qtctl.registry.accounts import check_accounts
from qtctl.registry.checks import check_checks
from qtctl.registry.code import check_code
from qtctl.registry.health import check_health
from qtctl.registry.host_defaults import check_host_defaults
from qtctl.registry.host_values import check_host_values
from qtctl.registry.installs import check_installs
from qtctl.registry.instances import check_without_instances
from qtctl.registry.kinds import TIMES, check_kinds, starts_nothing
from qtctl.registry.policy import check_gate, check_policy
from qtctl.registry.units import check_units
from qtctl.rules.problem import Problem
from qtctl.rules.registry.addresses import check_collisions, check_shared_sockets
from qtctl.rules.registry.references import check_references


def check(registry: Registry) -> list[Problem]:
    """Every problem of the whole registry, in file order."""
    names = Names.of(registry)
    problems = [
        *check_policy(registry.policy, registry.checks),
        *check_gate(registry),
        *check_references(registry, names),
        *_check_services(registry),
        *_check_timers(registry),
        *_check_externals(registry),
        *check_units(registry, names),
        *_check_legacy(registry),
        *check_collisions(registry),
        *check_shared_sockets(registry),
        *check_accounts(registry),
        *check_checks(registry),
        *check_code(registry),
        *check_installs(registry),
        *check_host_defaults(registry),
        *check_host_values(registry),
        *_check_stores(registry),
        *_check_unit_names(registry, names),
    ]
    return sorted(problems, key=lambda problem: (problem.origin.file, problem.origin.path, problem.id, problem.what))


def _check_services(registry: Registry) -> Iterator[Problem]:
    for name, service in registry.services.items():
        origin = registry.origins["services", name]
        yield from _check_streams(registry, service, origin)
        yield from check_health(service.ports, origin)
        if service.state is not ServiceState.RETIRED:
            yield from _run(service, origin)
            yield from check_kinds(service, service.type or registry.fleet.defaults.type, origin)


def _run(service: Service, origin: Origin) -> Iterator[Problem]:
    run = service.run
    if run is None:
        yield Problem(f"a {service.state} service needs [run]", origin, "say how it is started, or retire it")
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
        yield Problem(f"run.kind {run.kind} needs run.{field}", origin.at("run", "kind"), f"add {field}")
    if run.kind is RunKind.UVICORN and run.port is None:
        yield Problem("run.kind uvicorn needs run.port", origin.at("run", "kind"), "name one of its [ports]")
    if run.kind is RunKind.COMMAND and run.argv and not run.argv[0].startswith("/"):
        yield Problem("run.argv[0] is not an absolute path", origin.at("run", "argv"), "systemd wants a whole path")
    if run.kind is RunKind.COMMAND and run.argv and (what := explain_trouble(run.argv[0])):
        yield Problem(f"run.argv[0] {run.argv[0][:200]!r} {what}", origin.at("run", "argv"), "write its plain path")


def _check_streams(registry: Registry, service: Service, origin: Origin) -> Iterator[Problem]:
    for key in ("publishes", "consumes"):
        for name in getattr(service.streams, key):
            declared = registry.keys.get(name)
            if declared is not None and declared.type != "stream":
                what = f"{name} is a {declared.type}, not a stream"
                yield Problem(what, origin.at("streams", key), "use writes or reads")


def _check_timers(registry: Registry) -> Iterator[Problem]:
    for name, timer in registry.timers.items():
        origin = registry.origins["timers", name]
        if timer.state != "retired" and not any(getattr(timer, key) for key in TIMES):
            yield Problem(f"timer {name} has no time to run at", origin, "add on_calendar, on_boot or on_unit_active")
        if timer.persistent and not timer.on_calendar:
            yield Problem("persistent without on_calendar does nothing", origin.at("persistent"), "remove it", "QT112")


def _check_externals(registry: Registry) -> Iterator[Problem]:
    for name, external in registry.externals.items():
        yield from check_without_instances(external, registry.origins["externals", name])
        yield from check_health(external.ports, registry.origins["externals", name])


def _check_stores(registry: Registry) -> Iterator[Problem]:
    for name, store in registry.stores.items():
        if store.tls is None:
            continue
        origin = registry.origins["stores", name].at("tls")
        if store.address.startswith("/"):
            yield Problem("Redis speaks no TLS on a unix socket", origin, "remove tls, or name its tls-port as address")
        if (store.tls.certificate is None) != (store.tls.key is None):
            yield Problem("a client certificate needs its key, and a key its certificate", origin, "name both files")


def _check_legacy(registry: Registry) -> Iterator[Problem]:
    tables = (*UNIT_TABLES, "externals")
    known = {
        spoken: None
        for table in tables
        for name in getattr(registry, table)
        for spoken in list_spoken_names(registry, table, name)
    }
    named = Known(known)
    for record in registry.legacy:
        file = registry.legacy_files.get(record.compose, "legacy")
        for name, disposition in record.services.items():
            for successor in disposition.to:
                if successor not in known:
                    origin = Origin(file, ("services", name, "to"))
                    hint = named.suggest(successor) or "name a unit, instance or external of this registry"
                    yield Problem(f"{successor} is not declared", origin, hint, "QT809", successor)


def _check_unit_names(registry: Registry, names: Names) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for kind, name, unit in names.units:
        if unit in seen:
            yield Problem(
                f"{unit} is declared by {seen[unit]} too", registry.origins[kind, name], "give one another name"
            )
        if not is_valid(unit):
            hint = "letters, digits and : _ . \\ @ -, at most 255"
            yield Problem(f"{unit[:300]!r} is not a valid unit name", registry.origins[kind, name], hint)
        seen.setdefault(unit, name)
