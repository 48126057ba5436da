"""A graph as SVG, laid out here: without another program, and without scripts in it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from qtctl.dialects import terminal
from qtctl.views.graph import Edge, Graph, Node, Shape
from qtctl.views.layers import Layers, is_joint, make_layers

CHAR, HEIGHT, PAD, GAP, JOINT_HEIGHT, LONG = 7.0, 34.0, 10.0, 12.0, 9.0, 13
"""Pixels: a character's width at 12 px, a node's height, room beside its text, room between nodes, an edge's room;
and how many characters are still one line."""
BETWEEN, MARGIN, TOP = 44.0, 20.0, 74.0
LINE, SMALL_CHAR = 13.0, 5.6
ALIGNMENTS = 12

STYLE = """
text { font: 12px Helvetica, Arial, sans-serif; fill: #1a202c; }
.title { font-size: 16px; font-weight: bold; }
.words { font-size: 10px; fill: #4a5568; stroke: #ffffff; stroke-width: 3px; paint-order: stroke; }
.service { fill: #e6f0fb; stroke: #2b6cb0; }
.timer { fill: #e9f7ef; stroke: #2f855a; }
.target { fill: #edf2f7; stroke: #4a5568; }
.external { fill: #fde8e8; stroke: #c53030; }
.stream { fill: #fff3d6; stroke: #b7791f; }
.key { fill: #f3e8ff; stroke: #7e3fb2; }
.unit { fill: #ffffff; stroke: #a0aec0; }
.idle { stroke-dasharray: 4 3; }
.edge { fill: none; stroke: #718096; stroke-width: 1.2; marker-end: url(#arrow); }
.edge.dashed { stroke-dasharray: 5 4; }
.edge.back { stroke: #c05621; marker-end: url(#back); }
.edge.bad { stroke: #c53030; stroke-width: 2.4; marker-end: url(#bad); }
.words.bad { fill: #c53030; font-weight: bold; }
.bad > path { stroke: #c53030; stroke-width: 2.4; }
.edge:hover { stroke: #1a202c; stroke-width: 3; }
"""
ARROW = (
    '<marker id="{id}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0,0 L8,4 L0,8 z" fill="{fill}"/></marker>'
)


@dataclass(frozen=True, slots=True)
class Box:
    """Middle of its height, left edge and width."""

    x: float
    y: float
    width: float

    @property
    def right(self) -> float:
        return self.x + self.width


COLOURS = {"arrow": "#718096", "back": "#c05621", "bad": "#c53030"}


def draw_svg(graph: Graph) -> str:
    """The picture. Names are shown and kept as text: none can end an element."""
    width, height, lines = _draw_parts(graph, "")
    title = escape(terminal.show_line(graph.title))
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {_format_size(width, height)} role="img">',
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        f"<defs>{''.join(ARROW.format(id=name, fill=fill) for name, fill in COLOURS.items())}</defs>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text class="title" x="{MARGIN:.0f}" y="28">{title}</text>',
    ]
    return "\n".join([*head, *lines, "</svg>"]) + "\n"


def draw_inline(graph: Graph, name: str) -> str:
    """The picture as a part of an HTML page, which has its colours. `name`: unique in the page, in letters."""
    width, height, lines = _draw_parts(graph, name)
    cut = TOP / 2 - 8
    size = f'width="{width:.0f}" height="{height - cut:.0f}" viewBox="0 {cut:.0f} {width:.0f} {height - cut:.0f}"'
    arrows = "".join(ARROW.format(id=f"{name}-{each}", fill=fill) for each, fill in COLOURS.items())
    title = escape(terminal.show_line(graph.title))
    return "".join([f'<svg {size} role="img" aria-label="{title}"><defs>{arrows}</defs>', *lines, "</svg>"])


def _draw_parts(graph: Graph, inside: str) -> tuple[float, float, list[str]]:
    """Width, height and elements. `inside`: what the arrows' names begin with, in a page; '' in a file."""
    laid = make_layers(
        (node.id for node in graph.nodes), ((edge.source, edge.to) for edge in graph.edges), _find_shared_edges(graph)
    )
    nodes = {node.id: node for node in graph.nodes}
    boxes = _place_boxes(laid, nodes, _measure_gaps(graph, laid))
    last_said = {(edge.to, edge.words, (edge.source, edge.to) in laid.back): edge for edge in graph.edges}
    said_once = frozenset(last_said.values())
    legend = list(_draw_legend(graph, back=bool(laid.back)))
    width = max([box.right for box in boxes.values()] + [_measure_legend(graph), 400.0]) + MARGIN
    height = max((box.y for box in boxes.values()), default=TOP) + HEIGHT / 2 + MARGIN
    lines = [
        *legend,
        *(line for edge in graph.edges for line in _draw_edge(edge, laid, boxes, nodes, said_once, inside=inside)),
        *(line for node in graph.nodes for line in _draw_node(node, boxes[node.id])),
    ]
    return width, height, lines


def _format_size(width: float, height: float) -> str:
    return f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'


def _find_shared_edges(graph: Graph) -> set[tuple[str, str]]:
    """Dashed edges from a key with several readers: shared state, not a hand-over to one reader."""
    readers = Counter(edge.source for edge in graph.edges)
    return {(edge.source, edge.to) for edge in graph.edges if edge.dashed and readers[edge.source] > 1}


def _measure_width(text: str) -> float:
    return max(len(line) for line in _split_label(text)) * CHAR + 2 * PAD


def _split_label(text: str) -> tuple[str, ...]:
    """One line, or two if the text is long and can be split near its middle."""
    shown = terminal.show_line(text)
    if len(shown) <= LONG:
        return (shown,)
    places = [at for at in range(3, len(shown) - 2) if shown[at - 1] in "-._: "]
    middle = min(places, key=lambda at: (abs(2 * at - len(shown)), at), default=None)
    return (shown,) if middle is None else (shown[:middle], shown[middle:])


def _measure_gaps(graph: Graph, laid: Layers) -> list[float]:
    """The room after each column: enough for the words at the ends of the lines there."""
    column = {item: at for at, items in enumerate(laid.columns) for item in items}
    gaps = [BETWEEN] * len(laid.columns)
    for edge in graph.edges:
        at = column[edge.to] - (0 if (edge.source, edge.to) in laid.back else 1)
        if edge.words and edge.source != edge.to:
            gaps[at] = max(gaps[at], len(terminal.show_line(edge.words)) * SMALL_CHAR + 2 * GAP)
    return gaps


def _place_boxes(laid: Layers, nodes: Mapping[str, Node], gaps: Sequence[float]) -> dict[str, Box]:
    heights = _align_nodes(laid)
    boxes, x = {}, MARGIN
    for column, gap in zip(laid.columns, gaps, strict=True):
        width = max((_measure_width(nodes[item].label) for item in column if not is_joint(item)), default=0.0)
        for item in column:
            own = width if is_joint(item) else _measure_width(nodes[item].label)
            boxes[item] = Box(x + (width - own) / 2, TOP + heights[item], own)
        x += width + gap
    return boxes


def _align_nodes(laid: Layers) -> dict[str, float]:
    """The vertical middle of every node: near the mean of its neighbours, without overlap, at least half a node."""
    place: dict[str, float] = {}
    for column in laid.columns:
        place.update(_pack_column(column, dict.fromkeys(column, 0.0)))
    neighbours: dict[str, list[str]] = {}
    for path in laid.paths.values():
        for one, two in pairwise(path):
            neighbours.setdefault(one, []).append(two)
            neighbours.setdefault(two, []).append(one)
    for turn in range(ALIGNMENTS):
        for column in laid.columns if turn % 2 == 0 else laid.columns[::-1]:
            wanted = {item: _compute_mean([place[each] for each in neighbours.get(item, (item,))]) for item in column}
            place.update(_pack_column(column, wanted))
    least = min(place.values(), default=0.0)
    return {item: at - least + HEIGHT / 2 for item, at in place.items()}


def _compute_mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _pack_column(column: tuple[str, ...], wanted: Mapping[str, float]) -> dict[str, float]:
    """As near to the wanted places as order and room allow: nodes that touch move together."""
    offset, runs = 0.0, list[tuple[float, int]]()
    offsets = {}
    for at, item in enumerate(column):
        offset += (_measure_room(column[at - 1]) + _measure_room(item)) / 2 if at else 0.0
        offsets[item] = offset
        runs.append((wanted[item] - offset, 1))
        while len(runs) > 1 and runs[-2][0] > runs[-1][0]:
            (mean, count), (before, number) = runs.pop(), runs.pop()
            runs.append(((mean * count + before * number) / (count + number), count + number))
    shifts = [mean for mean, count in runs for _ in range(count)]
    return {item: offsets[item] + shift for item, shift in zip(column, shifts, strict=True)}


def _measure_room(item: str) -> float:
    return JOINT_HEIGHT if is_joint(item) else HEIGHT + GAP


def _draw_edge(
    edge: Edge,
    laid: Layers,
    boxes: Mapping[str, Box],
    nodes: Mapping[str, Node],
    said_once: Collection[Edge],
    *,
    inside: str,
) -> Iterator[str]:
    pair = (edge.source, edge.to)
    if pair not in laid.paths:
        return
    path = [boxes[item] for item in laid.paths[pair]]
    back = pair in laid.back
    kinds = " ".join(
        ["edge", *(["dashed"] if edge.dashed else []), *(["back"] if back else []), *(["bad"] if edge.bad else [])]
    )
    arrow = f' marker-end="url(#{inside}-{"bad" if edge.bad else "back" if back else "arrow"})"' if inside else ""
    said = f" ({edge.words})" if edge.words else ""
    about = escape(terminal.show_line(f"{nodes[edge.source].name} → {nodes[edge.to].name}{said}"))
    yield f'<path class="{kinds}" d="{_draw_curve(path, back=back)}"{arrow}><title>{about}</title></path>'
    if edge.words and edge in said_once:
        x, y = _place_label(path, back=back)
        anchor = "start" if back else "end"
        words = escape(terminal.show_line(edge.words))
        late = " bad" if edge.bad else ""
        yield f'<text class="words{late}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def _draw_curve(path: list[Box], *, back: bool) -> str:
    """Level through each column, curved between them."""
    begin = path[0].x if back else path[0].right
    parts = [f"M{begin:.1f},{path[0].y:.1f}"]
    x, y = begin, path[0].y
    for box in path[1:]:
        near, far = (box.right, box.x) if back else (box.x, box.right)
        middle = (x + near) / 2
        parts.append(f"C{middle:.1f},{y:.1f} {middle:.1f},{box.y:.1f} {near:.1f},{box.y:.1f}")
        x, y = near, box.y
        if box is not path[-1]:
            parts.append(f"L{far:.1f},{box.y:.1f}")
            x = far
    return " ".join(parts)


def _place_label(path: list[Box], *, back: bool) -> tuple[float, float]:
    """The place of an edge's words: above its end."""
    end = path[-1]
    return (end.right + 10, end.y - 3) if back else (end.x - 10, end.y - 3)


def _draw_node(node: Node, box: Box) -> Iterator[str]:
    drawn_as = DRAWN_AS.get(node.shape, node.shape).value
    kinds = f"{drawn_as} idle" if node.idle else drawn_as
    middle = box.x + box.width / 2
    bad = ' class="bad"' if node.bad else ""
    yield f"<g{bad}><title>{escape(terminal.show_line(node.name))} ({node.shape.value})</title>"
    yield f'<path class="{kinds}" d="{_draw_outline(node.shape, box)}"/>'
    lines = _split_label(node.label)
    for at, line in enumerate(lines):
        y = box.y + 4 + LINE * (at - (len(lines) - 1) / 2)
        yield f'<text x="{middle:.1f}" y="{y:.1f}" text-anchor="middle">{escape(line)}</text>'
    yield "</g>"


def _draw_outline(shape: Shape, box: Box) -> str:
    """Services are boxes, streams have round ends, other keys are cut at the corners, targets have points."""
    cut = CUTS.get(shape, 0.0)
    left, right, top, low = box.x, box.right, box.y - HEIGHT / 2, box.y + HEIGHT / 2
    if shape in (Shape.STREAM, Shape.TIMER):
        bend = f"A{cut:.1f},{cut:.1f} 0 0 1"
        return (
            f"M{left + cut:.1f},{top:.1f} H{right - cut:.1f} {bend} {right - cut:.1f},{low:.1f}"
            f" H{left + cut:.1f} {bend} {left + cut:.1f},{top:.1f} z"
        )
    if shape is Shape.TARGET:
        return (
            f"M{left + cut:.1f},{top:.1f} H{right - cut:.1f} L{right:.1f},{box.y:.1f} L{right - cut:.1f},{low:.1f}"
            f" H{left + cut:.1f} L{left:.1f},{box.y:.1f} z"
        )
    return (
        f"M{left + cut:.1f},{top:.1f} H{right - cut:.1f} L{right:.1f},{top + cut:.1f} V{low - cut:.1f}"
        f" L{right - cut:.1f},{low:.1f} H{left + cut:.1f} L{left:.1f},{low - cut:.1f} V{top + cut:.1f} z"
    )


DRAWN_AS = {Shape.SOCKET: Shape.TIMER, Shape.PATH: Shape.TIMER}
"""Whatever starts another unit has the colours of a timer."""
CUTS = {Shape.STREAM: HEIGHT / 2, Shape.TIMER: HEIGHT / 2, Shape.TARGET: 8.0, Shape.KEY: 8.0}
"""How much of a corner is cut off."""


def _list_shapes(graph: Graph) -> list[Shape]:
    return [shape for shape in Shape if any(node.shape is shape for node in graph.nodes)]


def _draw_legend(graph: Graph, *, back: bool) -> Iterator[str]:
    x = MARGIN
    for shape in _list_shapes(graph):
        box = Box(x, 50.0, _measure_width(shape.value))
        yield from _draw_node(Node("", shape, shape.value, shape.value), box)
        x = box.right + GAP
    said = (
        ["dashed line: a key that is not a stream, or a tie without order"]
        if any(edge.dashed for edge in graph.edges)
        else []
    )
    said += ["orange line: back, against the flow"] if back else []
    if said:
        yield f'<text class="words" x="{x + GAP:.0f}" y="54">{"; ".join(said)}</text>'


def _measure_legend(graph: Graph) -> float:
    return max(sum(_measure_width(shape.value) + GAP for shape in _list_shapes(graph)) + 420.0, len(graph.title) * 9.0)
