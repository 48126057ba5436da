"""The fleet as a graph: targets and their nesting, order, streams. Left to right: what comes first is left."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from qtctl.errors import InputError
from qtctl.model.names import Names, find_slice, find_started, list_units
from qtctl.model.registry import External, Key, Registry
from qtctl.model.relations import Order
from qtctl.model.service import Service
from qtctl.model.states import STARTED_BY_OTHERS
from qtctl.model.unit_kinds import DECLARED_IN, OTHER_UNIT_TABLES, UNIT_TABLES
from qtctl.model.units import Target, Unit
from qtctl.views.choices import What
from qtctl.views.find import find

N = TypeVar("N", Service, Target, Unit, External, Key)
FOCUS_STEPS = 2
ORDERING = ("after", "before")


class Shape(StrEnum):
    SERVICE = "service"
    TIMER = "timer"
    TARGET = "target"
    EXTERNAL = "external"
    STREAM = "stream"
    KEY = "key"
    SOCKET = "socket"
    PATH = "path"
    UNIT = "unit"


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """`id` is unique in its graph; `label` is what a reader sees; `idle`: declared stopped, or run by a timer.

    `bad`: it is not as declared.
    """

    id: str
    shape: Shape
    label: str
    name: str
    idle: bool = False
    bad: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """Ids of nodes. `words`: for order, other ties between the two, for example `wants`; for streams the group.

    A group with the same name as its service is left out. `bad`: what it carries is late.
    """

    source: str
    to: str
    words: str
    dashed: bool = False
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges are sorted, so that the same registry gives the same picture."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def draw_graph(registry: Registry, what: What, focus: str | None = None) -> Graph:
    """All entries that are not retired. `focus`: only the entries of that name and those within two steps of them."""
    edges = sorted({edge for part in PARTS[what] for edge in part(registry)})
    ids = {end for edge in edges for end in (edge.source, edge.to)} | set(_list_isolated_nodes(registry, what))
    nodes = [_make_node(registry, id_) for id_ in sorted(ids)]
    title = f"{registry.fleet.name}: {'targets, order and streams' if what is What.ALL else what.value}"
    without: list[str] = []
    for shape in (Shape.STREAM, Shape.KEY):
        prefix = _find_common_prefix(node.name for node in nodes if node.shape is shape)
        nodes = [replace(node, label=node.name.removeprefix(prefix)) if node.shape is shape else node for node in nodes]
        without += [f"{shape} names without {prefix}"] if prefix else []
    built = Graph(f"{title} ({'; '.join(without)})" if without else title, tuple(nodes), tuple(edges))
    return built if focus is None else _focus_graph(built, registry, focus)


def _focus_graph(whole: Graph, registry: Registry, name: str) -> Graph:
    ids = {f"{kind}:{each}" for kind, each in find(registry, name)}
    near = {node.id for node in whole.nodes if node.id in ids}
    if not near:
        raise InputError(f"{name} is not in this graph", hint="--what all has everything that is not retired")
    for _ in range(FOCUS_STEPS):
        near |= {end for edge in whole.edges for end in _list_ends(edge) if not near.isdisjoint(_list_ends(edge))}
    nodes = tuple(node for node in whole.nodes if node.id in near)
    edges = tuple(edge for edge in whole.edges if near.issuperset(_list_ends(edge)))
    return Graph(f"{whole.title}, around {name}", nodes, edges)


def _list_ends(edge: Edge) -> tuple[str, str]:
    return edge.source, edge.to


def _list_target_edges(registry: Registry) -> Iterator[Edge]:
    for name, target in _list_live_nodes(registry.targets):
        parent = f"targets:{target.within}" if target.within else "unit:multi-user.target"
        yield Edge(parent, f"targets:{name}", "")
    for name, service in _list_live_nodes(registry.services):
        if service.state in STARTED_BY_OTHERS:
            continue
        yield Edge(f"targets:{service.target}" if service.target else "unit:multi-user.target", f"services:{name}", "")
    names = Names.of(registry)
    ids = _map_units_to_ids(registry, names)
    for table in ("timers", *OTHER_UNIT_TABLES):
        for name, node in _list_live_nodes(getattr(registry, table)):
            yield from _list_trigger_edges(registry, names, ids, (table, name), node)
    for name, service in _list_live_nodes(registry.services):
        if service.slice:
            slice_ = find_slice(registry, service.slice)
            yield Edge(ids.get(slice_, f"unit:{slice_}"), f"services:{name}", "")


def _list_trigger_edges(
    registry: Registry, names: Names, ids: Mapping[str, str], of: tuple[str, str], node: Unit
) -> Iterator[Edge]:
    """What enables a timer, socket or other unit, and what it starts."""
    table, name = of
    wanted_by = DECLARED_IN[table].wanted_by if node.install is None else node.install.wanted_by
    units = (unit for each in wanted_by for unit in names.all_units(each)[:1])
    yield from (Edge(ids.get(unit, f"unit:{unit}"), f"{table}:{name}", "") for unit in units)
    starts = find_started(registry, names, table, name)
    if starts:
        yield Edge(f"{table}:{name}", ids.get(starts, f"unit:{starts}"), "")


def _map_units_to_ids(registry: Registry, names: Names) -> dict[str, str]:
    """Unit → its node. Instances are part of their template's node."""
    return {
        unit: f"{kind}:{name}" for kind, name, own in names.units for unit in (own, *list_units(registry, kind, name))
    }


def _list_order_edges(registry: Registry) -> Iterator[Edge]:
    """From what comes first to what comes after it; an edge names every kind of tie between the two."""
    names = Names.of(registry)
    ids = _map_units_to_ids(registry, names)
    tied: dict[tuple[str, str], list[str]] = {}
    for id_, word, other in _list_ties(registry):
        unit = names.all_units(other)[0]
        ends = (ids.get(unit, f"unit:{unit}"), id_)
        tied.setdefault(ends[::-1] if word in ("before", "on_failure") else ends, []).append(word)
    for (source, to), words in tied.items():
        if source != to:
            more = dict.fromkeys(word for word in words if word not in ORDERING)
            yield Edge(source, to, ", ".join(more), dashed=len(more) == len(set(words)))


def _list_ties(registry: Registry) -> Iterator[tuple[str, str, str]]:
    """Id, kind of tie, and the other's name: for each unit, and from the defaults for every service."""
    nodes = [
        (f"{table}:{name}", node) for table in UNIT_TABLES for name, node in _list_live_nodes(getattr(registry, table))
    ]
    for id_, node in nodes:
        orders = (registry.fleet.defaults.order, node.order) if isinstance(node, Service) else (node.order,)
        for order in orders:
            for word in Order.model_fields:
                yield from ((id_, word, other) for other in getattr(order, word))


def _list_stream_edges(registry: Registry) -> Iterator[Edge]:
    for name, service in _list_live_nodes(registry.services):
        me, streams = f"services:{name}", service.streams
        yield from (Edge(me, f"keys:{key}", "") for key in streams.publishes)
        yield from (Edge(me, f"keys:{key}", "", dashed=True) for key in streams.writes)
        for key, consumes in streams.consumes.items():
            yield Edge(f"keys:{key}", me, "" if consumes.group == name else consumes.group)
        yield from (Edge(f"keys:{key}", me, "", dashed=True) for key in streams.reads)


PARTS = {
    What.TARGETS: (_list_target_edges,),
    What.ORDER: (_list_order_edges,),
    What.STREAMS: (_list_stream_edges,),
    What.ALL: (_list_target_edges, _list_order_edges, _list_stream_edges),
}


def _list_isolated_nodes(registry: Registry, what: What) -> Iterator[str]:
    """Nodes to draw even without an edge: a stream that no service uses, a slice."""
    if what in (What.STREAMS, What.ALL):
        yield from (f"keys:{name}" for name, _ in _list_live_nodes(registry.keys))
    if what in (What.TARGETS, What.ALL):
        for table in UNIT_TABLES:
            yield from (f"{table}:{name}" for name, _ in _list_live_nodes(getattr(registry, table)))


def _list_live_nodes(nodes: Mapping[str, N]) -> list[tuple[str, N]]:
    return [(name, node) for name, node in sorted(nodes.items()) if node.state != "retired"]


def _make_node(registry: Registry, id_: str) -> Node:
    kind, _, name = id_.partition(":")
    shape = SHAPES.get(kind, Shape.STREAM)
    if kind == "keys" and registry.keys[name].type != "stream":
        shape = Shape.KEY
    idle = kind in UNIT_TABLES and getattr(registry, kind)[name].state in ("stopped", *STARTED_BY_OTHERS)
    label = f"{name}{DECLARED_IN[kind].kind.suffix}" if kind in OTHER_UNIT_TABLES else name
    return Node(id_, shape, label, label, idle)


SHAPES = {
    "services": Shape.SERVICE,
    "timers": Shape.TIMER,
    "targets": Shape.TARGET,
    "externals": Shape.EXTERNAL,
    **dict.fromkeys(OTHER_UNIT_TABLES, Shape.UNIT),
    "sockets": Shape.SOCKET,
    "paths": Shape.PATH,
    "unit": Shape.UNIT,
}


def _find_common_prefix(names: Iterable[str]) -> str:
    """The common beginning of all of them, up to a colon: `quantum:`."""
    found = list(names)
    shortest, longest = min(found, default=""), max(found, default="")
    same = next((at for at, pair in enumerate(zip(shortest, longest, strict=False)) if pair[0] != pair[1]), None)
    whole = shortest[:same] if same is not None else ""
    return whole[: whole.rfind(":") + 1] if len(found) > 1 else ""
