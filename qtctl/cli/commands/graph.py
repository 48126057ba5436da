"""qtctl graph: targets, order and streams as a picture."""

from enum import StrEnum
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.options import OutFileOption, RegistryOption, locate_registry
from qtctl.cli.output import complain, write
from qtctl.views.choices import What


class Picture(StrEnum):
    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


def graph(
    what: Annotated[What, typer.Option("--what", help="What to draw.")] = What.STREAMS,
    format_: Annotated[Picture, typer.Option("--format", help="Output language.")] = Picture.MERMAID,
    out: OutFileOption = None,
    focus: Annotated[
        str | None, typer.Option("--focus", metavar="NAME", help="Only NAME and what is within two steps of it.")
    ] = None,
    registry: RegistryOption = None,
) -> None:
    """Draw targets and what is in them, the order of units, or who publishes and consumes which stream."""
    from qtctl.adapters.files import read_registry
    from qtctl.flows.views import build_graph as graph_of
    from qtctl.views.graph_svg import draw_svg
    from qtctl.views.graph_text import write_dot, write_mermaid

    draw = {Picture.MERMAID: write_mermaid, Picture.DOT: write_dot, Picture.SVG: draw_svg}[format_]
    found = graph_of(read_registry(locate_registry(registry)), what, focus)
    write(draw(found), out)
    if not found.nodes:
        complain(f"the picture is empty: the registry declares nothing for --what {what} (try --what all)")


EXAMPLES = (
    "qtctl graph",
    "qtctl graph --what order --focus ai-engine",
    "qtctl graph --format svg --out a.svg",
)
COMMAND = Command("graph", 70, Panel.DECLARE, graph, {"": EXAMPLES})
