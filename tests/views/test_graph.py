"""Graphs: everything declared is in them, names cannot break out of a picture, the same registry gives the same one."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.adapters.files import read_registry
from qtctl.errors import InputError
from qtctl.flows.views import build_graph
from qtctl.registry.load import load
from qtctl.views.choices import What
from qtctl.views.graph import Edge, Graph, Node, Shape
from qtctl.views.graph_svg import draw_svg
from qtctl.views.graph_text import write_dot, write_mermaid
from qtctl.views.layers import make_layers
from tests.docs.pages import ROOT
from tests.views.golden import same
from tests.views.test_listing import FILES

SHIPPED = read_registry(ROOT / "registry")
PICTURES = {"mmd": write_mermaid, "dot": write_dot, "svg": draw_svg}
SVG = "{http://www.w3.org/2000/svg}"
FLOW = (
    "market-publisher", "market.tick", "ai-engine", "ai.signal_generated", "ai-strategy-router", "trade.intent",
    "rl-agent", "sizing.decided", "rl-sizer", "sizing.final", "risk-safety", "governor:execution", "execution",
    "execution.result", "position-monitor", "trade.closed",
)  # fmt: skip
NAMES = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"'\\<>&#;|[](){}`%-\n"), max_size=12)


@pytest.mark.parametrize("ending", PICTURES)
@pytest.mark.parametrize("what", What)
def test_goldens(what: What, ending: str) -> None:
    same(f"graph-{what}.{ending}", PICTURES[ending](build_graph(FILES, what, None)))


@pytest.mark.parametrize("what", [What.STREAMS, What.ALL])
def test_every_declared_edge_of_a_stream_is_in_it(what: What) -> None:
    found = {(edge.source, edge.to) for edge in build_graph(SHIPPED, what, None).edges}
    for name, service in load(SHIPPED).services.items():
        if service.state == "retired":
            continue
        streams = service.streams
        assert found >= {(f"services:{name}", f"keys:{key}") for key in (*streams.publishes, *streams.writes)}
        assert found >= {(f"keys:{key}", f"services:{name}") for key in (*streams.consumes, *streams.reads)}


def test_every_live_service_is_in_a_target_or_under_a_timer() -> None:
    ends = {edge.to for edge in build_graph(SHIPPED, What.TARGETS, None).edges}
    live = {f"services:{name}" for name, each in load(SHIPPED).services.items() if each.state != "retired"}
    assert live <= ends


def test_a_reader_sees_the_trading_flow_from_left_to_right() -> None:
    root = ET.fromstring(draw_svg(build_graph(SHIPPED, What.STREAMS, None)))  # noqa: S314 - of our own making
    at: dict[str, float] = {}
    for group in root.iter(f"{SVG}g"):
        label = "".join(text.text or "" for text in group.iter(f"{SVG}text"))
        first = next(group.iter(f"{SVG}text"))
        at[label] = float(first.attrib["x"])
    assert [(one, two) for one, two in pairwise(FLOW) if at[one] >= at[two]] == []


@pytest.mark.parametrize("what", What)
def test_nothing_is_drawn_over_anything(what: What) -> None:
    root = ET.fromstring(draw_svg(build_graph(SHIPPED, what, None)))  # noqa: S314 - of our own making
    middles = [
        (float(text.attrib["x"]), float(text.attrib["y"]))
        for group in root.iter(f"{SVG}g")
        for text in [next(group.iter(f"{SVG}text"))]
    ]
    assert len(set(middles)) == len(middles)
    near = [
        (one, two)
        for number, one in enumerate(middles)
        for two in middles[number + 1 :]
        if abs(one[0] - two[0]) < 1 and abs(one[1] - two[1]) < 13
    ]
    assert near == []


def test_focus_is_what_is_within_two_steps() -> None:
    found = build_graph(SHIPPED, What.STREAMS, "trade.closed")
    names = {node.name for node in found.nodes}
    assert {"position-monitor", "rl-feedback-v2", "quantum:stream:execution.result"} <= names
    assert "market-publisher" not in names
    with pytest.raises(InputError, match="not in this graph"):
        build_graph(SHIPPED, What.STREAMS, "diagnostic")
    with pytest.raises(InputError, match="nothing declared is called"):
        build_graph(SHIPPED, What.STREAMS, "nobody")


def drawn(names: list[str]) -> Graph:
    shapes = list(Shape)
    nodes = [Node(f"keys:{at}:{name}", shapes[at % len(shapes)], name, name) for at, name in enumerate(names)]
    edges = [Edge(one.id, two.id, two.name) for one, two in pairwise([*nodes, *nodes[:1]])]
    return Graph("".join(names[:1]), tuple(sorted(nodes)), tuple(sorted(set(edges))))


@given(st.lists(NAMES, min_size=1, max_size=6))
def test_no_name_breaks_out(names: list[str]) -> None:
    picture = drawn(names)
    root = ET.fromstring(draw_svg(picture))  # noqa: S314 - of our own making
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        "svg", "title", "style", "defs", "marker", "path", "rect", "text", "g",
    }  # fmt: skip
    body = write_mermaid(picture).split("\n---\n", 1)[1].splitlines()
    node = r'  n\d+\S{1,2}"(?:[A-Za-z0-9 _.,:()@/-]|#\d+;)*"\S{1,2}'
    edge = r'  n\d+ -->(?:\|"(?:[A-Za-z0-9 _.,:()@/-]|#\d+;)*"\|)? n\d+'
    style = r"  class(?:Def)? .*"
    assert [line for line in body[1:] if not re.fullmatch(f"{node}|{edge}|{style}", line)] == []
    text = r'"(?:[^"\\]|\\.)*"'
    value = rf"\w+=(?:{text}|\w+)"
    line = rf"  {text}(?: -> {text})?(?: \[{value}(?:, {value})*\])?;"
    assert [each for each in write_dot(picture).splitlines()[5:-1] if not re.fullmatch(line, each)] == []


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed here")
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_graphviz_reads_what_is_written(names: list[str]) -> None:
    subprocess.run(["dot", "-Tplain"], input=write_dot(drawn(names)), text=True, capture_output=True, check=True)


ENDS = st.integers(0, 9).map(lambda number: f"n{number}")


@given(st.lists(st.tuples(ENDS, ENDS), max_size=25), st.randoms())
def test_layers_are_layers(edges: list[tuple[str, str]], shuffle: object) -> None:
    nodes = sorted({end for edge in edges for end in edge})
    laid = make_layers(nodes, edges)
    column = {item: at for at, items in enumerate(laid.columns) for item in items}
    assert sorted(item for item in column if item in nodes) == nodes
    for (source, to), path in laid.paths.items():
        assert (path[0], path[-1]) == (source, to)
        step = -1 if (source, to) in laid.back else 1
        assert [column[two] - column[one] for one, two in pairwise(path)] == [step] * (len(path) - 1)
    mixed = list(edges)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    assert make_layers(reversed(nodes), mixed) == laid


def test_without_circles_nothing_runs_back() -> None:
    edges = [(f"n{one}", f"n{two}") for one in range(12) for two in range(one + 1, 12) if (one * two) % 3]
    assert make_layers([f"n{each}" for each in range(12)], edges).back == frozenset()


def test_the_same_registry_gives_the_same_picture() -> None:
    again = dict(reversed(SHIPPED.items()))
    for what in What:
        one, two = build_graph(SHIPPED, what, None), build_graph(again, what, None)
        assert draw_svg(one) == draw_svg(two)
