"""A graph with what was found on a host: services that are not as declared, lag on the edges of streams."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from qtctl.model.names import list_units
from qtctl.model.registry import Registry
from qtctl.reports.categories import Category
from qtctl.reports.flow import FlowReader, FlowReport, is_late
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.phrases import UNKNOWN
from qtctl.views.graph import Edge, Graph, Node, Shape

BAD = frozenset({Category.FAILED, Category.AUTO_RESTART})
ENDS = frozenset({Shape.SERVICE, Shape.TIMER, Shape.SOCKET, Shape.PATH, Shape.UNIT})
"""Shapes that are on a host only if it has their unit."""


def find_bad_services(registry: Registry, seen: RegistryReport) -> frozenset[str]:
    """Services that failed, restart again and again, or do not run although they should."""
    found = {module.unit: module for module in seen.modules}
    return frozenset(
        name
        for name in registry.services
        for module in (found.get(unit) for unit in list_units(registry, "services", name))
        if module is not None
        and (module.category in BAD or (module.declared == "running" and module.category is Category.STOPPED))
    )


def keep_host(graph: Graph, names: Collection[str]) -> Graph:
    """Only what the host has: `names` are its services and other units, and keys and targets that they touch."""
    gone = {node.id for node in graph.nodes if node.shape in ENDS and node.id.partition(":")[2] not in names}
    edges = tuple(edge for edge in graph.edges if gone.isdisjoint((edge.source, edge.to)))
    if not gone:
        return graph
    touched = {end for edge in edges for end in (edge.source, edge.to)}
    nodes = tuple(node for node in graph.nodes if node.id not in gone and (node.id in touched or node.shape in ENDS))
    return replace(graph, nodes=nodes, edges=edges)


def mark_graph(graph: Graph, bad: Collection[str], flow: FlowReport) -> Graph:
    """`bad`: services that are not as declared. Edges to a consumer group have its lag, late ones in red."""
    readers = {(f"keys:{key.name}", f"services:{each.service}"): each for key in flow.keys for each in key.readers}
    return replace(
        graph,
        nodes=tuple(_mark_node(node, bad) for node in graph.nodes),
        edges=tuple(_mark_edges(graph, readers)),
    )


def _mark_node(node: Node, bad: Collection[str]) -> Node:
    kind, _, name = node.id.partition(":")
    return replace(node, bad=kind == "services" and name in bad)


def _mark_edges(graph: Graph, readers: Mapping[tuple[str, str], FlowReader]) -> Iterator[Edge]:
    for edge in graph.edges:
        reader = readers.get((edge.source, edge.to))
        if reader is None or not reader.group:
            yield edge
            continue
        said = f"lag {UNKNOWN if reader.lag is None else reader.lag}"
        yield replace(edge, words=f"{edge.words}: {said}" if edge.words else said, bad=is_late(reader))
