"""qtctl evolution: what was there, what is there, what was lost and what was gained."""

from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.options import DeclaredFormatOption, OutFileOption, StoreOption
from qtctl.cli.output import complain, present

SOURCE_HELP = (
    "The earliest first: snapshots (a file, latest, a number, a month), all of them (a folder, or all), "
    "a compose file (.yml), a module registry (.json)."
)
SVG_HELP = "Draw the trends to FILE, as SVG."


def evolution(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE", help=SOURCE_HELP, show_default=False)],
    store: StoreOption = None,
    format_: DeclaredFormatOption = None,
    out: OutFileOption = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help=SVG_HELP)] = None,
) -> None:
    """Compare a fleet then and now: what was added, removed, moved and renamed, and a timeline in between."""
    from qtctl.adapters.files import check_writable, write_atomic
    from qtctl.api.evolution import compare
    from qtctl.api.snapshot import open_store
    from qtctl.reports.evolution import build_report
    from qtctl.reports.evolution_view import build_view

    if svg is not None:
        check_writable(svg)
    report = build_report(compare(open_store(store), sources))
    view = build_view(report)
    present(view, format_, out)
    if svg is not None:
        from qtctl.reports.trend_svg import draw

        write_atomic(svg, draw(report.points, f"Evolution of {view.about}").encode())
        complain(f"trends: {svg}")


EXAMPLES = (
    "qtctl evolution docker-compose.yml latest",
    "qtctl evolution web-1:all --svg trends.svg",
)
COMMAND = Command("evolution", 180, Panel.LOOK, evolution, {"": EXAMPLES})
