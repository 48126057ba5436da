"""QT103: order that cannot be kept, and requirements without an order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qtctl.findings.finding import Finding, Fix, Severity
from qtctl.model.names import Names
from qtctl.model.origin import Origin
from qtctl.rules.locate import origin_at, origin_of
from qtctl.rules.ordering import Conflicts, Ordering
from qtctl.rules.view import Unit, View, ViewRule

Graph = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Said:
    """Words of an `order` key by the unit that they mean, and where they are said."""

    file: str
    path: tuple[str, ...]
    words: Mapping[str, str]


def order(view: View) -> Iterator[Finding]:
    yield from _cycles(view)
    requiring = [(unit, service) for unit, service in view.services if service.requires or service.binds_to]
    if not requiring or view.partial:
        return
    names, before = Names.of(view.registry), _before(view)
    ordering = Ordering.of(view)
    defaults = view.registry.fleet.defaults.order
    for key in ("requires", "binds_to"):
        shared = _said(names, "fleet.toml", ("defaults", "order", "after"), getattr(defaults, key))
        for unit, service in requiring:
            own = getattr(view.registry.services[unit.subject].order, key)
            said = (_said(names, unit.declared.origin.file, ("order", "after"), own), shared)
            ordered = {*unit.all("Unit", "After"), *unit.all("Unit", "Before"), *before.get(unit.name, ())}
            required = [each for each in getattr(service, key) if each not in ordered]
            required = [each for each in required if not ordering.implied(unit, each)]
            yield from _unordered(view, unit, key, required, said)


def _said(names: Names, file: str, path: tuple[str, ...], words: tuple[str, ...]) -> _Said:
    return _Said(file, path, {names.unit(each): each for each in reversed(words)})


def _before(view: View) -> dict[str, set[str]]:
    """Unit → units that say that they start before it."""
    found: dict[str, set[str]] = {}
    for unit in view.units:
        for name in unit.all("Unit", "Before"):
            found.setdefault(name, set()).add(unit.name)
    return found


def _cycles(view: View) -> Iterator[Finding]:
    units = {unit.name: unit for unit in view.units}
    graph, conflicts = _graph(view, units), Conflicts.of(units)
    for members in components(graph):
        cycle = _possible(graph, members, conflicts)
        if not cycle:
            continue
        first, then = cycle[0], cycle[1]
        yield QT103.broken(
            units[first].subject,
            f"is ordered after itself: {' after '.join(cycle)}",
            "take one of these out of the order: systemd drops one of the jobs, and not always the same",
            _edge(view, units, first, then),
        )


def _graph(view: View, units: Mapping[str, Unit]) -> Graph:
    """Unit → generated units that it starts after, as systemd orders them: what targets and timers imply, too."""
    after: dict[str, set[str]] = {name: set() for name in units}
    for unit in view.units:
        after[unit.name].update(name for name in unit.all("Unit", "After") if name in units)
        for name in units.keys() & set(unit.all("Unit", "Before")):
            after[name].add(unit.name)
    for unit in view.units:
        started = unit.last("Timer", "Unit")
        if started in units:
            after[started].add(unit.name)
        for target in (*unit.all("Install", "WantedBy"), *unit.all("Install", "RequiredBy")):
            _imply(after, target, unit.name)
        for pulled in ("Wants", "Requires", "BindsTo"):
            for wanted in unit.all("Unit", pulled):
                _imply(after, unit.name, wanted)
    return {name: tuple(sorted(those)) for name, those in sorted(after.items())}


def _imply(after: dict[str, set[str]], target: str, member: str) -> None:
    """A target starts after what it pulls in, unless that was ordered the other way round."""
    if target.endswith(".target") and target in after and member in after and target not in after[member]:
        after[target].add(member)


def components(graph: Graph) -> list[tuple[str, ...]]:
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


def _way_round(graph: Graph, members: tuple[str, ...]) -> tuple[str, ...]:
    """A shortest cycle through the first member: breadth first."""
    start, inside = members[0], set(members)
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


def _possible(graph: Graph, members: tuple[str, ...], conflicts: Conflicts, deep: int = 6) -> tuple[str, ...]:
    """A cycle of units that can be started together; () where each has two of which one stops the other."""
    cycle = _way_round(graph, members)
    pair = conflicts.within(cycle)
    if not pair or deep == 0:
        return () if pair else cycle
    for gone in pair:
        left = [name for name in members if name != gone]
        rest = {name: tuple(each for each in graph[name] if each in left) for name in left}
        for part in components(rest):
            found = _possible(rest, part, conflicts, deep - 1)
            if found:
                return found
    return ()


def _edge(view: View, units: Mapping[str, Unit], first: str, then: str) -> Origin:
    if then in units[first].all("Unit", "After"):
        return _order_origin(view, units[first], "After")
    if first in units[then].all("Unit", "Before"):
        return _order_origin(view, units[then], "Before")
    return units[first].declared.origin


def _order_origin(view: View, unit: Unit, key: str) -> Origin:
    if unit.service is not None:
        return origin_of(view, unit, key)
    return unit.declared.origin.at("order", key.lower())


def _unordered(view: View, unit: Unit, key: str, required: Sequence[str], said: tuple[_Said, ...]) -> Iterator[Finding]:
    for name in required:
        at, fix = _fix(view, unit, key, name, said)
        yield QT103.broken(
            unit.subject,
            f"{key} {name} and is not ordered after it: both are started at once",
            "add it to order.after",
            at,
            severity=Severity.WARNING,
            fix=fix,
        )


def _fix(view: View, unit: Unit, key: str, name: str, said: tuple[_Said, ...]) -> tuple[Origin, Fix | None]:
    """Where it was required, and what to add there, in the same words."""
    for where in said:
        word = where.words.get(name)
        if word is not None:
            fix = Fix(where.file, where.path, word, f"{word} added to {'.'.join(where.path)}")
            return Origin(where.file, (*where.path[:-1], key)), fix
    return origin_at(view, view.registry.services[unit.subject], unit.declared.origin, ("order", key)), None


QT103 = ViewRule(
    "QT103",
    "order that cannot be kept",
    Severity.ERROR,
    what="Units that wait for each other in a circle, counting what targets and timers imply; or `requires` and "
    "`binds_to` without `after` (a warning): both are then started at the same moment.",
    why="systemd breaks a circle by dropping one of the jobs, and not always the same one: a service is simply not "
    "started at some boots. Without an order, what is required may not be ready yet, and the first start fails.",
    fix="Take one of the named units out of the order. Add what is required to `order.after`; `qtctl lint --fix` "
    "does so.",
    look=order,
)
RULES = (QT103,)
