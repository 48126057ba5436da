"""QT103: order that cannot be kept, and requirements without an order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.boot_order import STANDARD, Added, has_defaults, list_added_order
from qtctl.dialects.systemd.unit_name import get_template
from qtctl.findings.finding import Finding, Fix, Severity
from qtctl.model.desired import DesiredDropin, DesiredService
from qtctl.model.names import Names
from qtctl.model.origin import Origin
from qtctl.model.relations import Order
from qtctl.model.unit_kinds import UnitKind
from qtctl.rules.locate import find_origin, find_origin_at
from qtctl.rules.ordering import Conflicts, Ordering
from qtctl.rules.view import Unit, View, ViewRule

Graph = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Said:
    """The words of an `order` key by the unit that they mean, and where the registry has them."""

    file: str
    path: tuple[str, ...]
    words: Mapping[str, str]


def judge_order(view: View) -> Iterator[Finding]:
    yield from _judge_cycles(view)
    if view.first:
        yield from _judge_namesakes(view)
    requiring = [(unit, service) for unit, service in view.services if service.requires or service.binds_to]
    if not requiring or view.partial:
        return
    names, before = Names.of(view.registry), _map_before(view)
    yield from _judge_elsewhere(view, names, requiring)
    ordering = Ordering.of(view)
    defaults = view.registry.fleet.defaults.order
    for key in ("requires", "binds_to"):
        shared = _find_said(names, "fleet.toml", ("defaults", "order", "after"), getattr(defaults, key))
        for unit, service in requiring:
            own = getattr(view.registry.services[unit.subject].order, key)
            said = (_find_said(names, unit.declared.origin.file, ("order", "after"), own), shared)
            ordered = {*unit.all("Unit", "After"), *unit.all("Unit", "Before"), *before.get(unit.name, ())}
            required = [each for each in getattr(service, key) if each not in ordered]
            required = [each for each in required if not ordering.is_implied(unit, each)]
            yield from _judge_unordered(view, unit, key, required, said)


def _judge_elsewhere(view: View, names: Names, requiring: Sequence[tuple[Unit, DesiredService]]) -> Iterator[Finding]:
    """Requirements that are declared, and not for this host: systemd refuses to start what requires them."""
    here = {each.unit for each in (*view.desired.units(), *view.desired.generated_units())}
    elsewhere = set(names.live.values()) - here
    for unit, service in requiring:
        for key in ("requires", "binds_to"):
            for name in getattr(service, key):
                if name not in elsewhere or get_template(name) in here:
                    continue
                yield QT103.make_broken(
                    unit.subject,
                    f"{key} {name}, which is not declared for {view.desired.host}, so it cannot be started there",
                    "put both on the same hosts, or name it in order.wants, which does not fail without it",
                    find_origin_at(view, view.registry.services[unit.subject], unit.declared.origin, ("order", key)),
                )


def _judge_namesakes(view: View) -> Iterator[Finding]:
    """Words that name an undeclared unit, and that read like a service of the registry."""
    registry, names = view.registry, Names.of(view.registry)
    for name, service in registry.services.items():
        for key in Order.model_fields:
            for word in getattr(service.order, key):
                meant = names.services.get(word.removesuffix(UnitKind.SERVICE.suffix), word)
                if word in names.live or word == meant or not word.endswith(UnitKind.SERVICE.suffix):
                    continue
                yield QT103.make_broken(
                    name,
                    f"{key} names {word}, which nothing declares: it is not {meant}",
                    f"write the service's name in the registry, or declare {word} as an external",
                    registry.origins["services", name].at("order", key),
                    severity=Severity.INFO,
                )


def _find_said(names: Names, file: str, path: tuple[str, ...], words: tuple[str, ...]) -> _Said:
    return _Said(file, path, {unit: each for each in reversed(words) for unit in names.all_units(each)})


def _map_before(view: View) -> dict[str, set[str]]:
    """Unit → units that have it in their Before=."""
    found: dict[str, set[str]] = {}
    for unit in view.units:
        for name in unit.all("Unit", "Before"):
            found.setdefault(name, set()).add(unit.name)
    return found


def _judge_cycles(view: View) -> Iterator[Finding]:
    units = {unit.name: unit for unit in sorted(view.units, key=lambda unit: not _is_dropin(unit))}
    graph, conflicts = start_order(units), Conflicts.of(units)
    for members in find_components(graph):
        cycle = _find_possible(graph, members, _Possible(units, conflicts))
        if not cycle:
            continue
        yield QT103.make_broken(
            units[cycle[0]].subject,
            f"is ordered after itself: {' after '.join(cycle)}",
            _write_remedy(cycle, units),
            _find_edge(view, units, cycle),
        )


def _is_dropin(unit: Unit) -> bool:
    return isinstance(unit.declared, DesiredDropin)


def _write_remedy(cycle: Sequence[str], units: Mapping[str, Unit]) -> str:
    if all(name in units for name in cycle):
        return "remove one of these from the order: systemd drops one of the jobs, and not always the same"
    return (
        "remove one of these from the order; or say manager.default_dependencies = false where something has to start "
        "that early: by default a unit starts after the early boot"
    )


def start_order(units: Mapping[str, Unit]) -> Graph:
    """Unit → units that it starts after, as systemd orders them: what all boots have, and what is implied, too."""
    after: dict[str, set[str]] = {name: set(those) for name, those in STANDARD.items()}
    after.update({name: set() for name in units})
    for unit in units.values():
        # A unit that has only a drop-in is someone else's: whether it has default dependencies is unknown.
        added = Added() if _is_dropin(unit) else list_added_order(unit.name, unit.values)
        after[unit.name].update(name for name in (*unit.all("Unit", "After"), *added.after) if name in after)
        for name in after.keys() & {*unit.all("Unit", "Before"), *added.before}:
            after[name].add(unit.name)
    for unit in units.values():
        for started in units.keys() & _list_started(unit):
            after[started].add(unit.name)
        for target, member in _list_pulled(unit):
            _imply(after, units, target, member)
    return {name: tuple(sorted(those)) for name, those in sorted(after.items())}


def _list_pulled(unit: Unit) -> Iterator[tuple[str, str]]:
    """The units that it requires or wants, as far as a unit says so."""
    for key in ("WantedBy", "RequiredBy"):
        yield from ((target, unit.name) for target in unit.all("Install", key))
    for key in ("Wants", "Requires", "BindsTo"):
        yield from ((unit.name, wanted) for wanted in unit.all("Unit", key))


def _list_started(unit: Unit) -> frozenset[str]:
    """What a timer, path or automount starts, and a socket that does not accept connections itself."""
    stem, _, kind = unit.name.rpartition(".")
    if kind == "automount":
        return frozenset((f"{stem}.mount",))
    if kind not in ("timer", "path", "socket") or parse_boolean(unit.last("Socket", "Accept")):
        return frozenset()
    said = unit.last("Socket", "Service") or unit.last(kind.title(), "Unit")
    return frozenset((said or f"{stem}.service",))


def _imply(after: dict[str, set[str]], units: Mapping[str, Unit], target: str, member: str) -> None:
    """A target starts after what it pulls in, unless that was ordered the other way round, or one has no defaults."""
    if not target.endswith(".target") or target not in after or member not in after or target in after[member]:
        return
    if all(has_defaults(name, units[name].values if name in units else {}) for name in (target, member)):
        after[target].add(member)


def find_components(graph: Graph) -> list[tuple[str, ...]]:
    """The strongly connected components that hold a cycle, each sorted (Tarjan, without recursion)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in graph:
        if root in number:
            continue
        work = [(root, iter(graph[root]))]
        _enter(root, number, low, stack, on_stack)
        while work:
            name, following = work[-1]
            child = next(following, None)
            if child is None:
                work.pop()
                _leave(name, work[-1][0] if work else None, graph, (number, low, stack, on_stack), found)
            elif child not in number:
                _enter(child, number, low, stack, on_stack)
                work.append((child, iter(graph[child])))
            elif child in on_stack:
                low[name] = min(low[name], number[child])
    return sorted(found)


_State = tuple[dict[str, int], dict[str, int], list[str], set[str]]


def _enter(name: str, number: dict[str, int], low: dict[str, int], stack: list[str], on_stack: set[str]) -> None:
    number[name] = low[name] = len(number)
    stack.append(name)
    on_stack.add(name)


def _leave(name: str, parent: str | None, graph: Graph, state: _State, found: list[tuple[str, ...]]) -> None:
    number, low, stack, on_stack = state
    if parent is not None:
        low[parent] = min(low[parent], low[name])
    if low[name] != number[name]:
        return
    members: list[str] = []
    while not members or members[-1] != name:
        members.append(stack.pop())
    on_stack.difference_update(members)
    if len(members) > 1 or name in graph[name]:
        found.append(tuple(sorted(members)))


def _find_way_round(graph: Graph, members: Sequence[str], start: str) -> tuple[str, ...]:
    """A shortest cycle through `start`: breadth first."""
    inside = set(members)
    came: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for child in graph[name]:
            if child == start:
                way = [name]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return (*reversed(way), start)
            if child in inside and child not in came:
                came[child] = name
                queue.append(child)
    return (start, start)


@dataclass(frozen=True, slots=True)
class _Possible:
    """What decides whether a cycle can happen: who is generated, and who stops whom."""

    units: Mapping[str, Unit]
    conflicts: Conflicts


def _find_possible(graph: Graph, members: Sequence[str], where: _Possible, deep: int = 6) -> tuple[str, ...]:
    """A cycle of units that can be started together, from a generated one on.

    () where each has two of which one stops the other, or where nothing in it is generated.
    """
    start = next((name for name in members if name in where.units), "")
    cycle = _find_way_round(graph, members, start) if start else ()
    pair = where.conflicts.find_within(cycle)
    if not pair or deep == 0:
        return () if pair else cycle
    for gone in pair:
        left = [name for name in members if name != gone]
        rest = {name: tuple(each for each in graph[name] if each in left) for name in left}
        for part in find_components(rest):
            found = _find_possible(rest, part, where, deep - 1)
            if found:
                return found
    return ()


def _find_edge(view: View, units: Mapping[str, Unit], cycle: Sequence[str]) -> Origin:
    """Where the unit of the first step of the cycle says that it is ordered so."""
    for first, then in pairwise(cycle):
        if first in units and then in units[first].all("Unit", "After"):
            return _order_origin(view, units[first], "After")
        if then in units and first in units[then].all("Unit", "Before"):
            return _order_origin(view, units[then], "Before")
    return units[cycle[0]].declared.origin


def _order_origin(view: View, unit: Unit, key: str) -> Origin:
    if unit.service is not None:
        return find_origin(view, unit, key)
    return unit.declared.origin.at("order", key.lower())


def _judge_unordered(
    view: View, unit: Unit, key: str, required: Sequence[str], said: tuple[_Said, ...]
) -> Iterator[Finding]:
    for name in required:
        at, fix = _make_fix(view, unit, key, name, said)
        yield QT103.make_broken(
            unit.subject,
            f"{key} {name} and is not ordered after it: both are started at once",
            "add it to order.after",
            at,
            severity=Severity.WARNING,
            fix=fix,
        )


def _make_fix(view: View, unit: Unit, key: str, name: str, said: tuple[_Said, ...]) -> tuple[Origin, Fix | None]:
    """Where it was required, and what to add there, in the same words."""
    for where in said:
        word = where.words.get(name)
        if word is not None:
            fix = Fix(where.file, where.path, word, f"{word} added to {'.'.join(where.path)}")
            return Origin(where.file, (*where.path[:-1], key)), fix
    return find_origin_at(view, view.registry.services[unit.subject], unit.declared.origin, ("order", key)), None


QT103 = ViewRule(
    "QT103",
    "order that cannot be kept",
    Severity.ERROR,
    what="Units wait for each other in a cycle. What targets, timers and sockets imply counts, and so do default "
    "dependencies: `before` an early boot target, such as sysinit.target, is a cycle. Or a service `requires` or "
    "`binds_to` what is declared for other hosts only. As a warning: `requires` or `binds_to` without `after`, so that "
    "both units are started at the same moment. As information: a full unit name that nothing declares and that looks "
    "like a service of the registry: `api.service` for `shop-api.service`.",
    why="systemd breaks a cycle by dropping one of the jobs, and not always the same one: on some boots a service is "
    "simply not started. A service whose required unit is not on the host never starts. Without an order, the required "
    "unit may not be ready yet, and the first start fails.",
    fix="For a cycle, remove one of the named units from the order. For what is on other hosts, put both on the same "
    "hosts, or name it in `order.wants`. For the warning, add the required unit to `order.after`; `qtctl lint --fix` "
    "does so.",
    look=judge_order,
)
RULES = (QT103,)
