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


def mermaid(graph: Graph) -> str:
    """A flowchart. Nodes are n0, n1 … in the order of their names."""
    number = _numbers(graph)
    lines = ["---", f"title: {json.dumps(terminal.line(graph.title), ensure_ascii=False)}", "---", "flowchart LR"]
    lines += [f"  {number[node.id]}{_mermaid_node(node)}" for node in graph.nodes]
    lines += [f"  {number[edge.source]} {_mermaid_arrow(edge)} {number[edge.to]}" for edge in graph.edges]
    for shape in (Shape.STREAM, Shape.KEY):
        lines += _classed(shape.value, [number[node.id] for node in graph.nodes if node.shape is shape])
    lines += _classed("idle", [number[node.id] for node in graph.nodes if node.idle])
    return "\n".join(lines) + "\n"


STYLES = {
    "stream": "fill:#fff3d6,stroke:#b7791f",
    "key": "fill:#f3e8ff,stroke:#7e3fb2",
    "idle": "stroke-dasharray:4 3,color:#555",
}


def _classed(name: str, ids: list[str]) -> Iterator[str]:
    if ids:
        yield f"  classDef {name} {STYLES[name]}"
        yield f"  class {','.join(ids)} {name}"


def _mermaid_node(node: Node) -> str:
    begin, end = MERMAID[node.shape]
    return f'{begin}"{_mermaid_text(node.label)}"{end}'


def _mermaid_arrow(edge: Edge) -> str:
    arrow = "-.->" if edge.dashed else "-->"
    return f'{arrow}|"{_mermaid_text(edge.words)}"|' if edge.words else arrow


def _mermaid_text(text: str) -> str:
    """Mermaid's own entities: `#` and a code point in decimal."""
    return "".join(char if char in PLAIN else f"#{ord(char)};" for char in terminal.line(text))


def dot(graph: Graph) -> str:
    """A digraph for Graphviz; tooltips have the whole names."""
    lines = [
        "digraph fleet {",
        "  rankdir=LR;",
        '  node [fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=9];',
        f"  label={_quoted(graph.title)};",
    ]
    lines += [f"  {_quoted(node.id)} [{_dot_node(node)}];" for node in graph.nodes]
    lines += [f"  {_quoted(edge.source)} -> {_quoted(edge.to)}{_dot_edge(edge)};" for edge in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_node(node: Node) -> str:
    idle = ", style=dashed" if node.idle else ""
    return f"label={_quoted(node.label)}, shape={DOT[node.shape]}, tooltip={_quoted(node.name)}{idle}"


def _dot_edge(edge: Edge) -> str:
    label = [f"label={_quoted(edge.words)}"] if edge.words else []
    said = label + (["style=dashed"] if edge.dashed else [])
    return f" [{', '.join(said)}]" if said else ""


def _quoted(text: str) -> str:
    """DOT itself reads a backslash before a quote only; labels read more of them, and HTML's entities."""
    return '"' + terminal.line(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') + '"'


def _numbers(graph: Graph) -> dict[str, str]:
    return {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
