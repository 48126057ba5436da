"""qtctl why: the items and questions behind a number of a report."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import Exit
from qtctl.cli.options import DeclaredFormatOption, OutFileOption
from qtctl.cli.output import present

NUMBER_HELP = "A report as JSON, and where the number stands in it, as a JSON pointer: registry.json#/summary/running."


def why(
    number: Annotated[str, typer.Argument(metavar="FILE#/POINTER", help=NUMBER_HELP, show_default=False)],
    format_: DeclaredFormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Show where a number of a report comes from: the items counted, and what was asked to know each."""
    from qtctl.api.why import explain_number
    from qtctl.reports.why_view import build_view

    report = explain_number(number)
    present(build_view(report), format_, out)
    raise typer.Exit(Exit.OK if report.adds_up else Exit.FINDINGS)


EXAMPLES = (
    "qtctl why registry.json#/summary/running",
    "qtctl why audit.json#/totals/by_rule/QT505/broken",
)
COMMAND = Command("why", 155, Panel.LOOK, why, {"": EXAMPLES})
