"""qtctl why: the items and questions behind a number of a report."""

from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_match_exit
from qtctl.cli.options import AsOption, DeclaredFormatOption, OutFileOption, RegistryOption, locate_registry
from qtctl.cli.output import present

NUMBER_HELP = "A report as JSON, and where the number is in it, as a JSON pointer: registry.json#/summary/running."

FROM_HELP = "The evidence that the report was made from: checks that it only names are shown with their proofs."


def why(
    number: Annotated[str, typer.Argument(metavar="FILE#/POINTER", help=NUMBER_HELP, show_default=False)],
    saved: Annotated[Path | None, typer.Option("--from", metavar="FILE", help=FROM_HELP)] = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    format_: DeclaredFormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Show where a number of a report comes from: the items counted, and what was asked to know each."""
    from qtctl.api.why import Ground, explain_number
    from qtctl.reports.why_view import build_view

    ground = None
    if saved is not None or registry is not None or as_name is not None:
        from qtctl.api.registry import declare

        declared = declare(locate_registry(registry), as_name=as_name)
        ground = Ground(saved, declared) if saved is not None else None
    report = explain_number(number, ground)
    present(build_view(report), format_, out)
    raise typer.Exit(choose_match_exit(report.adds_up))


EXAMPLES = (
    "qtctl why registry.json#/summary/running",
    "qtctl why audit.json#/totals/by_rule/QT505/broken",
    "qtctl why audit.json#/totals/holds --from evidence.json",
)
COMMAND = Command("why", 155, Panel.LOOK, why, {"": EXAMPLES})
