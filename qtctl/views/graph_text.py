"""A graph as Mermaid and as DOT. Names are escaped: none can end a label, open a tag or begin a statement."""

import json
from collections.abc import Iterator

from qtctl.dialects import terminal
from qtctl.views.graph import Edge, Graph, Node, Shape

MERMAID = {
    Shape.SERVICE: ("[", "]"),
    Shape.TIMER: ("(", ")"),
    Shape.TARGET: ("{{", "}}"),
    Shape.EXTERNAL: ("[[", "]]"),
    Shape.STREAM: ("([", "])"),
    Shape.KEY: ("[(", ")]"),
    Shape.SOCKET: ("[/", "/]"),
    Shape.PATH: ("[\\", "\\]"),
    Shape.UNIT: (">", "]"),
}
DOT = {
    Shape.SERVICE: "box",
    Shape.TIMER: "ellipse",
    Shape.TARGET: "hexagon",
    Shape.EXTERNAL: "box3d",
    Shape.STREAM: "cds",
    Shape.KEY: "cylinder",
    Shape.SOCKET: "parallelogram",
    Shape.PATH: "note",
    Shape.UNIT: "plaintext",
}
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -_.,:()@/")


def write_mermaid(graph: Graph) -> str:
    """A flowchart. Nodes are n0, n1 … in the order of their names."""
    number = _number_nodes(graph)
    lines = ["---", f"title: {json.dumps(terminal.show_line(graph.title), ensure_ascii=False)}", "---", "flowchart LR"]
    lines += [f"  {number[node.id]}{_write_mermaid_node(node)}" for node in graph.nodes]
    lines += [f"  {number[edge.source]} {_write_mermaid_arrow(edge)} {number[edge.to]}" for edge in graph.edges]
    for shape in (Shape.STREAM, Shape.KEY):
        lines += _write_class(shape.value, [number[node.id] for node in graph.nodes if node.shape is shape])
    lines += _write_class("bad", [number[node.id] for node in graph.nodes if node.bad])
    if late := [str(at) for at, edge in enumerate(graph.edges) if edge.bad]:
        lines.append(f"  linkStyle {','.join(late)} stroke:#c53030,stroke-width:3px")
    lines += _write_class("idle", [number[node.id] for node in graph.nodes if node.idle])
    return "\n".join(lines) + "\n"


STYLES = {
    "stream": "fill:#fff3d6,stroke:#b7791f",
    "key": "fill:#f3e8ff,stroke:#7e3fb2",
    "bad": "stroke:#c53030,stroke-width:3px",
    "idle": "stroke-dasharray:4 3,color:#555",
}


def _write_class(name: str, ids: list[str]) -> Iterator[str]:
    if ids:
        yield f"  classDef {name} {STYLES[name]}"
        yield f"  class {','.join(ids)} {name}"


def _write_mermaid_node(node: Node) -> str:
    begin, end = MERMAID[node.shape]
    return f'{begin}"{_escape_mermaid(node.label)}"{end}'


def _write_mermaid_arrow(edge: Edge) -> str:
    arrow = "-.->" if edge.dashed else "-->"
    return f'{arrow}|"{_escape_mermaid(edge.words)}"|' if edge.words else arrow


def _escape_mermaid(text: str) -> str:
    """Mermaid's own entities: `#` and a code point in decimal."""
    return "".join(char if char in PLAIN else f"#{ord(char)};" for char in terminal.show_line(text))


def write_dot(graph: Graph) -> str:
    """A digraph for Graphviz; tooltips have the whole names."""
    lines = [
        "digraph fleet {",
        "  rankdir=LR;",
        '  node [fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=9];',
        f"  label={_quote_dot(graph.title)};",
    ]
    lines += [f"  {_quote_dot(node.id)} [{_write_dot_node(node)}];" for node in graph.nodes]
    lines += [f"  {_quote_dot(edge.source)} -> {_quote_dot(edge.to)}{_write_dot_edge(edge)};" for edge in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _write_dot_node(node: Node) -> str:
    idle = ", style=dashed" if node.idle else ""
    bad = ", color=red, penwidth=2" if node.bad else ""
    return f"label={_quote_dot(node.label)}, shape={DOT[node.shape]}, tooltip={_quote_dot(node.name)}{idle}{bad}"


def _write_dot_edge(edge: Edge) -> str:
    label = [f"label={_quote_dot(edge.words)}"] if edge.words else []
    said = label + (["style=dashed"] if edge.dashed else []) + (["color=red", "penwidth=2"] if edge.bad else [])
    return f" [{', '.join(said)}]" if said else ""


def _quote_dot(text: str) -> str:
    """DOT itself reads a backslash only before a quote; labels read more of them, and HTML entities."""
    return '"' + terminal.show_line(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number_nodes(graph: Graph) -> dict[str, str]:
    return {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
