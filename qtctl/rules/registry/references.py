"""QT102: every name in a registry refers to something that is declared."""

from collections.abc import Iterator, Mapping

from qtctl.dialects.endpoints import TAG_SIGN
from qtctl.dialects.nearest import Known, suggest_name
from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.unit_name import get_template
from qtctl.dialects.toml.keys import quote
from qtctl.dialects.wording import join_some
from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Meaning
from qtctl.model.host_defaults import EVERY
from qtctl.model.names import Names, list_units, make_unit_name
from qtctl.model.origin import Origin
from qtctl.model.placement import list_tags
from qtctl.model.registry import Registry
from qtctl.model.relations import Order
from qtctl.model.service import Service
from qtctl.model.states import ServiceState
from qtctl.model.unit_kinds import DECLARATIONS, PLACED_TABLES, STARTS_NAMESAKE, UnitKind
from qtctl.model.vocabulary import KINDS
from qtctl.rules.problem import Problem

KNOWN = 20
"""How many names a hint lists. There may be as many hints as wrong names."""


class Leads:
    """Hints for unknown names: what was probably meant, and where such things are declared."""

    def __init__(self, registry: Registry, names: Names) -> None:
        self._registry = registry
        self._live = frozenset(names.live)
        self._units = Known(names.live)
        starters = tuple(kind.suffix for kind in STARTS_NAMESAKE)
        self._started = Known(each for each in names.live if not each.endswith(starters))
        self._known: dict[str, Known] = {}
        self._declared: dict[str, str] = {}
        self.tags = list_tags(registry)

    def suggest_entry(self, name: str, kind: str, file: str) -> str:
        """A hint for a name that only a table of this kind, in `file`, can declare."""
        declared = getattr(self._registry, kind)
        if kind not in self._known:
            self._known[kind], self._declared[kind] = Known(declared), describe_where(file, declared)
        return self._find_by_unit(name, kind) or self._known[kind].suggest(name) or self._declared[kind]

    def _find_by_unit(self, name: str, kind: str) -> str:
        """A hint for a full unit name that was used instead of the registry's name."""
        declared = getattr(self._registry, kind)
        found = (each for each in declared if kind in KINDS and make_unit_name(self._registry, kind, each) == name)
        return suggest_name(each) if "." in name and (each := next(found, "")) else ""

    def suggest_unit(self, name: str, otherwise: str) -> str:
        """A hint for a short or full unit name; `otherwise` if no name is similar."""
        parts = name.split()
        if len(parts) > 1 and all(part in self._live for part in parts):
            return f"write each in quotes of its own: {', '.join(map(quote, parts))}"
        alias = f"{name}{UnitKind.SERVICE.suffix}"
        return suggest_name(alias) if alias in self._live else self._units.suggest(name) or otherwise

    def suggest_started(self, name: str) -> str:
        """A hint for what a timer, a socket or a path starts."""
        return self._started.suggest(name) or "declare it in services/"

    def suggest_tag(self, name: str) -> str:
        """A hint for the tag of a host."""
        return Known(self._registry.fleet.tags).suggest(name) or describe_where("fleet.toml", self._registry.fleet.tags)

    def suggest_placed(self, name: str) -> str:
        """A hint for a host or a tag in a list of hosts: a tag may be meant instead of a host, or the reverse."""
        bare = name.removeprefix(TAG_SIGN)
        if bare in (self._registry.hosts if name != bare else self.tags):
            return suggest_name(bare if name != bare else TAG_SIGN + bare)
        if name == bare:
            return self.suggest_entry(name, "hosts", "hosts.toml")
        near = Known(self.tags).find_nearest(bare)
        known = ", ".join(f"{TAG_SIGN}{each}" for each in self.tags[:KNOWN])
        listed = f"the tags are {known}" if known else "no host has a tag"
        return suggest_name(f"{TAG_SIGN}{near}") if near else listed

    def suggest_successor(self, name: str) -> str:
        """A hint for the name of a service, an external or a target."""
        if "" not in self._known:
            registry = self._registry
            self._known[""] = Known(dict.fromkeys([*registry.services, *registry.externals, *registry.targets]))
        return self._known[""].suggest(name) or "name a service, an external or a target of this registry"


def check_references(registry: Registry, names: Names) -> Iterator[Problem]:
    """Every name that refers to nothing, or to something retired."""
    leads = Leads(registry, names)
    yield from _check_hosts(registry, leads)
    for name, service in registry.services.items():
        yield from _check_service(registry, service, registry.origins["services", name], leads)
    yield from _check_orders(registry.fleet.defaults.order, Origin("fleet.toml", ("defaults", "order")), names, leads)
    yield from _check_lifecycles(registry, leads)
    yield from _check_targets(registry, leads)
    yield from _check_units(registry, names, leads)
    yield from _check_started(registry, names, leads)
    yield from _check_without_timer(registry, names)
    yield from _check_stores(registry, leads)
    yield from _check_replacements(registry, leads)


def _make_problem(name: str, what: str, origin: Origin, hint: str) -> Problem:
    return Problem(what, origin, hint, "QT102", name)


def _check_hosts(registry: Registry, leads: Leads) -> Iterator[Problem]:
    for kind in PLACED_TABLES:
        for name, node in getattr(registry, kind).items():
            origin = registry.origins[kind, name].at("hosts")
            for host in dict.fromkeys(node.hosts):
                yield from check_host(registry, host, origin, leads)
    for name, service in registry.services.items():
        for key in service.on:
            yield from check_host(registry, key, registry.origins["services", name].at("on", key), leads)
    for key in registry.host_defaults:
        if key != EVERY:
            yield from check_host(registry, key, registry.origins["host_defaults", key], leads)
    yield from _check_tags(registry, leads)


def _check_tags(registry: Registry, leads: Leads) -> Iterator[Problem]:
    """Tags of hosts that are not declared, if fleet.toml declares any."""
    for name, host in registry.hosts.items() if registry.fleet.tags else ():
        for tag in dict.fromkeys(host.tags):
            if tag not in registry.fleet.tags:
                origin = registry.origins["hosts", name].at("tags")
                what = f"tag {tag} is not among the tags of fleet.toml"
                yield _make_problem(tag, what, origin, leads.suggest_tag(tag))


def check_host(registry: Registry, host: str, origin: Origin, leads: Leads) -> Iterator[Problem]:
    """A host, or `@` and a tag, that does not exist."""
    if host.startswith(TAG_SIGN):
        tag = host.removeprefix(TAG_SIGN)
        if tag not in leads.tags:
            yield _make_problem(host, f"no host has the tag {tag}", origin, leads.suggest_placed(host))
    elif host not in registry.hosts:
        yield _make_problem(host, f"host {host} is not declared", origin, leads.suggest_placed(host))


def _check_service(registry: Registry, service: Service, origin: Origin, leads: Leads) -> Iterator[Problem]:
    yield from _check_streams(registry, service, origin, leads)
    if service.state is ServiceState.RETIRED:
        return
    port = service.run.port if service.run else None
    if port is not None and port not in service.ports:
        yield _make_problem(
            port,
            f"run.port {port} is not declared",
            origin.at("run", "port"),
            Known(service.ports).suggest(port) or describe_where("this service", service.ports),
        )
    yield from _check_venv(registry, service, origin, leads)
    yield from _check_target(registry, service, origin, leads)
    if service.slice and not service.slice.endswith(".slice") and service.slice not in registry.slices:
        yield _make_problem(
            service.slice,
            f"slice {service.slice} is not declared",
            origin.at("slice"),
            leads.suggest_entry(service.slice, "slices", "slices.toml"),
        )


def _check_streams(registry: Registry, service: Service, origin: Origin, leads: Leads) -> Iterator[Problem]:
    for key in ("publishes", "consumes", "writes", "reads"):
        for name in getattr(service.streams, key):
            if name not in registry.keys:
                yield _make_problem(
                    name,
                    f"key {name} is not declared",
                    origin.at("streams", key, *((name,) if key == "consumes" else ())),
                    leads.suggest_entry(name, "keys", "streams.toml"),
                )


def _check_lifecycles(registry: Registry, leads: Leads) -> Iterator[Problem]:
    for name, lifecycle in registry.fleet.lifecycles.items():
        origin = Origin("fleet.toml", ("lifecycles", name, "passes"))
        for key in lifecycle.passes:
            declared = registry.keys.get(key)
            if declared is None:
                hint = leads.suggest_entry(key, "keys", "streams.toml")
                yield _make_problem(key, f"key {key} is not declared", origin, hint)
            elif declared.state == "retired":
                yield _make_problem(key, f"key {key} is retired", origin, declared.why)


def _check_venv(registry: Registry, service: Service, origin: Origin, leads: Leads) -> Iterator[Problem]:
    name = service.run.venv if service.run else None
    if name is None:
        return
    venv = registry.venvs.get(name)
    if venv is None:
        yield _make_problem(
            name,
            f"venv {name} is not declared",
            origin.at("run", "venv"),
            leads.suggest_entry(name, "venvs", "venvs.toml"),
        )
    elif venv.state == "retired":
        yield _make_problem(name, f"venv {name} is retired", origin.at("run", "venv"), venv.why)


def _check_target(registry: Registry, service: Service, origin: Origin, leads: Leads) -> Iterator[Problem]:
    if service.target is None:
        return
    target = registry.targets.get(service.target)
    if target is None:
        yield _make_problem(
            service.target,
            f"target {service.target} is not declared",
            origin.at("target"),
            leads.suggest_entry(service.target, "targets", "targets.toml"),
        )
    elif target.state == "retired":
        yield _make_problem(service.target, f"target {service.target} is retired", origin.at("target"), target.why)


def _check_orders(order: Order, origin: Origin, names: Names, leads: Leads) -> Iterator[Problem]:
    for key in Order.model_fields:
        for name in getattr(order, key):
            problem = names.find_problem(name)
            if problem:
                yield _make_problem(
                    name, problem, origin.at(key), leads.suggest_unit(name, "declare it, or name what took its place")
                )


def _check_targets(registry: Registry, leads: Leads) -> Iterator[Problem]:
    for name, target in registry.targets.items():
        origin = registry.origins["targets", name]
        if target.within is not None and target.within not in registry.targets:
            yield _make_problem(
                target.within,
                f"target {target.within} is not declared",
                origin.at("within"),
                leads.suggest_entry(target.within, "targets", "targets.toml"),
            )


def _check_units(registry: Registry, names: Names, leads: Leads) -> Iterator[Problem]:
    for kind in KINDS:
        for name, node in getattr(registry, kind).items():
            if node.state != "retired":
                origin = registry.origins[kind, name]
                yield from _check_orders(node.order, origin.at("order"), names, leads)
                yield from _install(node, origin.at("install"), names, leads)


def _install(node: object, origin: Origin, names: Names, leads: Leads) -> Iterator[Problem]:
    install = getattr(node, "install", None)
    for key in ("wanted_by", "required_by", "upheld_by") if install else ():
        for name in getattr(install, key):
            problem = names.find_problem(name)
            if problem:
                yield _make_problem(
                    name,
                    problem,
                    origin.at(key),
                    leads.suggest_unit(name, "declare it, or give the whole name of a unit"),
                )


def _check_started(registry: Registry, names: Names, leads: Leads) -> Iterator[Problem]:
    """The units that timers, sockets and paths start."""
    for kind in (each.table for each in DECLARATIONS if each.starts_with):
        for name, node in getattr(registry, kind).items():
            origin = registry.origins[kind, name].at("service")
            yield from _check_started_unit(node.service, origin, registry, names, leads)
            service = registry.services.get(node.service)
            retired = service is not None and service.state is ServiceState.RETIRED
            if kind == "timers" and node.state != "retired" and retired:
                yield _make_problem(node.service, f"service {node.service} is retired", origin, "retire the timer too")


def _check_started_unit(
    name: str | None, origin: Origin, registry: Registry, names: Names, leads: Leads
) -> Iterator[Problem]:
    """The unit must be a service, an instance of one, or a foreign unit by its full name."""
    if name is None or name in registry.services:
        return
    problem = names.find_problem(name)
    if problem:
        yield _make_problem(name, f"service {problem}", origin, leads.suggest_started(name))


def _check_without_timer(registry: Registry, names: Names) -> Iterator[Problem]:
    """On-timer services without a timer. None is reported if a timer names an unknown service: it may mean this one."""
    live = [name for name, timer in registry.timers.items() if timer.state != "retired"]
    named = [registry.timers[name].service for name in live]
    if any(service not in registry.services and names.find_problem(service) for service in named):
        return
    driven = {unit for name in live for unit in _list_driven(registry, names, name)}
    for name, service in registry.services.items():
        units = {make_unit_name(registry, "services", name), *list_units(registry, "services", name)}
        if service.state is ServiceState.ON_TIMER and not driven & units:
            yield _make_problem(
                "", "on-timer, and no timer runs it", registry.origins["services", name].at("state"), "add a timer"
            )


def _list_driven(registry: Registry, names: Names, timer: str) -> Iterator[str]:
    """What a timer starts; with a specifier in the name, also what it becomes for each instance, and its template."""
    started = names.get_started(registry.timers[timer].service)
    yield started
    if "%" in started:
        for unit in (make_unit_name(registry, "timers", timer), *list_units(registry, "timers", timer)):
            unit_started = expand(started, unit)
            yield from (unit_started, get_template(unit_started))


def _check_stores(registry: Registry, leads: Leads) -> Iterator[Problem]:
    for name, store in registry.stores.items():
        if store.external not in registry.externals:
            origin = registry.origins["stores", name].at("external")
            yield _make_problem(
                store.external,
                f"external {store.external} is not declared",
                origin,
                leads.suggest_entry(store.external, "externals", "externals.toml"),
            )
    for name, key in registry.keys.items():
        if key.store not in registry.stores:
            origin = registry.origins["keys", name].at("store")
            yield _make_problem(
                key.store,
                f"store {key.store} is not declared",
                origin,
                leads.suggest_entry(key.store, "stores", "stores.toml"),
            )


def _check_replacements(registry: Registry, leads: Leads) -> Iterator[Problem]:
    for kind in ("services", "targets", "externals"):
        for name, node in getattr(registry, kind).items():
            for successor in node.replaced_by:
                if not any(successor in part for part in (registry.services, registry.externals, registry.targets)):
                    origin = registry.origins[kind, name].at("replaced_by")
                    yield _make_problem(
                        successor, f"{successor} is not declared", origin, leads.suggest_successor(successor)
                    )


def describe_where(where: str, names: Mapping[str, object]) -> str:
    known = sorted(names)
    return f"{where} declares {join_some(known, KNOWN)}" if known else f"{where} declares none"


QT102 = Meaning(
    "QT102",
    "reference to something that is not declared",
    Severity.ERROR,
    what="The registry names something that nothing declares: a host, target, venv, stream, store, service, timer, or "
    "a unit that matches the fleet's patterns. A retired one counts as gone, and the hint says what took its place.",
    why="systemd silently accepts a Wants= or After= of a unit that does not exist, so the order or the dependency "
    "that someone relied on is simply missing.",
    fix="Declare it, correct the spelling, or name what took its place.",
)
RULES = (QT102,)
