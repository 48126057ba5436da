"""The event flow of a fleet: as declared, with what evidence shows of it, and as a drawing."""

from qtctl.audit.judge import judge
from qtctl.dialects.lines import split_lines
from qtctl.flows.declare import Loaded
from qtctl.model.evidence import Evidence
from qtctl.reports import flow, module_registry
from qtctl.reports.flow import FlowReport
from qtctl.views.choices import What
from qtctl.views.graph import draw_graph
from qtctl.views.graph_state import mark_graph
from qtctl.views.graph_text import write_mermaid


def build_flow(declared: Loaded, evidence: Evidence | None) -> FlowReport:
    """The flow that the registry declares, with what `evidence` shows of its streams."""
    if evidence is None:
        return flow.build_report(declared.registry, None)
    checks = judge(declared.desired, evidence)
    return flow.build_report(declared.registry, module_registry.build_report(declared.desired, evidence, checks))


def draw_flow(declared: Loaded, report: FlowReport | None = None) -> tuple[str, ...]:
    """The streams as `qtctl graph` draws them: lines of Mermaid. With evidence in `report`, late ones are red."""
    graph = draw_graph(declared.registry, What.STREAMS)
    if report is not None and report.taken_at is not None and not report.unreachable:
        graph = mark_graph(graph, (), report)
    return tuple(split_lines(write_mermaid(graph)))
