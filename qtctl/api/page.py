"""What the page of a host shows beside its findings: services, streams, ports, and the pictures of them."""

from qtctl.api.looks import show_trends
from qtctl.findings.finding import Finding
from qtctl.flows.declared import Declared
from qtctl.model.evidence import Evidence
from qtctl.model.names import list_units
from qtctl.model.registry import Registry
from qtctl.model.unit_kinds import UNIT_TABLES
from qtctl.registry.load import load
from qtctl.reports import flow, module_registry
from qtctl.reports.audit_sheet import HostSheet
from qtctl.reports.history import LOOKS
from qtctl.reports.look import FactReader
from qtctl.reports.overview_services import list_services
from qtctl.reports.sheet import Drawing
from qtctl.views.choices import What
from qtctl.views.graph import draw_graph
from qtctl.views.graph_state import find_bad_services, keep_host, mark_graph
from qtctl.views.graph_svg import draw_inline

LARGEST = 250
"""Nodes of a picture. A larger one is left out: nobody could read it, and the page would become too large."""
FLOW = "Left to right: who writes a stream, and who reads it, with its lag. Red: late, or not as declared."
ORDER = "Left to right: what starts first. Dashed: a tie without order."
TARGETS = "Targets, and what is in them."


def show_host(
    declared: Declared,
    evidence: Evidence,
    checks: tuple[Finding, ...],
    *,
    registry: Registry | None = None,
    name: str = "",
    looks: int = LOOKS,
) -> HostSheet:
    """`checks`: of an audit of `evidence`. `registry`: as loaded from `declared`, if it is.

    `name`: what the names of pictures begin with, if a page has several hosts. `looks`: as of `show_trends`.
    """
    registry = registry or load(declared.files)
    modules = module_registry.build_report(declared.desired, evidence, checks)
    draw = _Pictures(registry, declared, modules)
    return HostSheet(
        modules=modules,
        services=list_services(modules, declared.desired, FactReader.of(evidence)),
        flow=draw(What.STREAMS, f"{name}flow", FLOW),
        order=(*draw(What.TARGETS, f"{name}targets", TARGETS), *draw(What.ORDER, f"{name}order", ORDER)),
        history=show_trends(evidence, looks),
    )


class _Pictures:
    def __init__(self, registry: Registry, declared: Declared, modules: module_registry.RegistryReport) -> None:
        self._registry = registry
        self._bad = find_bad_services(registry, modules)
        self._flow = flow.build_report(registry, modules)
        own = {unit.unit for unit in declared.desired.units()}
        self._names = {
            name
            for table in UNIT_TABLES
            for name in getattr(registry, table)
            if own.intersection(list_units(registry, table, name))
        }

    def __call__(self, what: What, name: str, about: str) -> tuple[Drawing, ...]:
        graph = mark_graph(keep_host(draw_graph(self._registry, what), self._names), self._bad, self._flow)
        if not graph.edges or len(graph.nodes) > LARGEST:
            return ()
        return (Drawing(graph.title, draw_inline(graph, name), about),)
