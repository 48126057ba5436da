"""QT102: every name that a registry uses leads to something that it declares."""

from collections.abc import Iterator

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning
from qtctl.model.names import Names, unit_name, units_of
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry, Service
from qtctl.model.relations import Order
from qtctl.model.states import ServiceState
from qtctl.model.unit_kinds import UNIT_TABLES
from qtctl.model.vocabulary import KINDS
from qtctl.rules.problem import Problem

PLACED = (*UNIT_TABLES, "dropins", "stores", "venvs", "externals", "users", "folders")
"""Kinds that name the hosts they are on."""
KNOWN = 20
"""Names in a hint. There may be as many hints as wrong names."""


def references(registry: Registry, names: Names) -> Iterator[Problem]:
    """Every name that leads nowhere, or to something that is retired."""
    yield from _hosts(registry)
    for name, service in registry.services.items():
        yield from _service(registry, service, registry.origins["services", name])
    yield from _orders(registry.fleet.defaults.order, Origin("fleet.toml", ("defaults", "order")), names)
    yield from _targets(registry)
    yield from _units(registry, names)
    yield from _started(registry, names)
    yield from _without_timer(registry, names)
    yield from _stores(registry)
    yield from _replacements(registry)


def _missing(what: str, origin: Origin, hint: str) -> Problem:
    return Problem(what, origin, hint, "QT102")


def _hosts(registry: Registry) -> Iterator[Problem]:
    for kind in PLACED:
        for name, node in getattr(registry, kind).items():
            origin = registry.origins[kind, name].at("hosts")
            for host in node.hosts:
                if host not in registry.hosts:
                    yield _missing(f"host {host} is not declared", origin, known_names(registry.hosts))


def _service(registry: Registry, service: Service, origin: Origin) -> Iterator[Problem]:
    yield from _streams(registry, service, origin)
    if service.state is ServiceState.RETIRED:
        return
    port = service.run.port if service.run else None
    if port is not None and port not in service.ports:
        yield _missing(f"run.port {port} is not declared", origin.at("run", "port"), known_names(service.ports))
    yield from _venv(registry, service, origin)
    yield from _target(registry, service, origin)
    if service.slice and not service.slice.endswith(".slice") and service.slice not in registry.slices:
        yield _missing(f"slice {service.slice} is not declared", origin.at("slice"), "declare it in slices.toml")


def _streams(registry: Registry, service: Service, origin: Origin) -> Iterator[Problem]:
    for key in ("publishes", "consumes", "writes", "reads"):
        for name in getattr(service.streams, key):
            if name not in registry.keys:
                yield _missing(f"key {name} is not declared", origin.at("streams", key), "declare it in streams.toml")


def _venv(registry: Registry, service: Service, origin: Origin) -> Iterator[Problem]:
    name = service.run.venv if service.run else None
    if name is None:
        return
    venv = registry.venvs.get(name)
    if venv is None:
        yield _missing(f"venv {name} is not declared", origin.at("run", "venv"), "declare it in venvs.toml")
    elif venv.state == "retired":
        yield _missing(f"venv {name} is retired", origin.at("run", "venv"), venv.why)


def _target(registry: Registry, service: Service, origin: Origin) -> Iterator[Problem]:
    if service.target is None:
        return
    target = registry.targets.get(service.target)
    if target is None:
        yield _missing(f"target {service.target} is not declared", origin.at("target"), known_names(registry.targets))
    elif target.state == "retired":
        yield _missing(f"target {service.target} is retired", origin.at("target"), target.why)


def _orders(order: Order, origin: Origin, names: Names) -> Iterator[Problem]:
    for key in Order.model_fields:
        for name in getattr(order, key):
            problem = names.problem(name)
            if problem:
                yield _missing(problem, origin.at(key), "declare it, or name what took its place")


def _targets(registry: Registry) -> Iterator[Problem]:
    for name, target in registry.targets.items():
        origin = registry.origins["targets", name]
        if target.within is not None and target.within not in registry.targets:
            yield _missing(
                f"target {target.within} is not declared", origin.at("within"), known_names(registry.targets)
            )


def _units(registry: Registry, names: Names) -> Iterator[Problem]:
    for kind in KINDS:
        for name, node in getattr(registry, kind).items():
            if node.state != "retired":
                origin = registry.origins[kind, name]
                yield from _orders(node.order, origin.at("order"), names)
                yield from _install(node, origin.at("install"), names)


def _install(node: object, origin: Origin, names: Names) -> Iterator[Problem]:
    install = getattr(node, "install", None)
    for key in ("wanted_by", "required_by", "upheld_by") if install else ():
        for name in getattr(install, key):
            problem = names.problem(name)
            if problem:
                yield _missing(problem, origin.at(key), "declare it, or give the whole name of a unit")


def _started(registry: Registry, names: Names) -> Iterator[Problem]:
    """The units that timers, sockets and paths start."""
    for kind in ("timers", "sockets", "paths"):
        for name, node in getattr(registry, kind).items():
            origin = registry.origins[kind, name].at("service")
            yield from _starts(node.service, origin, registry, names)
            service = registry.services.get(node.service)
            retired = service is not None and service.state is ServiceState.RETIRED
            if kind == "timers" and node.state != "retired" and retired:
                yield _missing(f"service {node.service} is retired", origin, "retire the timer too")


def _starts(name: str | None, origin: Origin, registry: Registry, names: Names) -> Iterator[Problem]:
    """A service, an instance of one, or the whole name of a unit from outside."""
    if name is None or name in registry.services:
        return
    problem = names.problem(name)
    if problem:
        yield _missing(f"service {problem}", origin, "declare it in services/")


def _without_timer(registry: Registry, names: Names) -> Iterator[Problem]:
    driven = {names.started(timer.service) for timer in registry.timers.values() if timer.state != "retired"}
    for name, service in registry.services.items():
        units = {unit_name(registry, "services", name), *units_of(registry, "services", name)}
        if service.state is ServiceState.ON_TIMER and not driven & units:
            yield _missing(
                "on-timer, and no timer runs it", registry.origins["services", name].at("state"), "add a timer"
            )


def _stores(registry: Registry) -> Iterator[Problem]:
    for name, store in registry.stores.items():
        if store.external not in registry.externals:
            origin = registry.origins["stores", name].at("external")
            yield _missing(f"external {store.external} is not declared", origin, known_names(registry.externals))
    for name, key in registry.keys.items():
        if key.store not in registry.stores:
            origin = registry.origins["keys", name].at("store")
            yield _missing(f"store {key.store} is not declared", origin, known_names(registry.stores))


def _replacements(registry: Registry) -> Iterator[Problem]:
    for kind in ("services", "targets", "externals"):
        for name, node in getattr(registry, kind).items():
            for successor in node.replaced_by:
                if not any(successor in part for part in (registry.services, registry.externals, registry.targets)):
                    origin = registry.origins[kind, name].at("replaced_by")
                    yield _missing(f"{successor} is not declared", origin, "name a service, external or target")


def known_names(names: object) -> str:
    known = sorted(names) if isinstance(names, dict) else []
    more = f" and {len(known) - KNOWN} more" if len(known) > KNOWN else ""
    return f"declared: {', '.join(known[:KNOWN])}{more}" if known else "none is declared"


QT102 = Meaning(
    "QT102",
    "reference to something that is not declared",
    Severity.ERROR,
    what="A name in the registry leads nowhere: a host, target, venv, stream, store, service, timer, or a unit "
    "that matches the fleet's patterns. A retired one counts as gone, and the hint says what took its place.",
    why="systemd accepts a Wants= or After= of a unit that does not exist and says nothing, so the order or the "
    "dependency that somebody relied on is simply not there.",
    fix="Declare what is named, mend the spelling, or name what took its place.",
)
RULES = (QT102,)
