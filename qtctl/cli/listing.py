"""qtctl list: what is declared."""

from typing import Annotated

import typer

from qtctl.cli.options import FormatOption, RegistryOption, registry_folder
from qtctl.cli.output import draw, present, table
from qtctl.views.words import Kind, State


def list_(
    kind: Annotated[Kind, typer.Option("--kind", help="What to list.")] = Kind.SERVICES,
    state: Annotated[
        State | None, typer.Option("--state", help="Only what is declared in this state (default: all).")
    ] = None,
    registry: RegistryOption = None,
    format_: FormatOption = None,
) -> None:
    """List what the registry declares: services, or another kind, each with its unit, state and ties."""
    from qtctl.adapters.files import read_registry
    from qtctl.flows.views import listing
    from qtctl.report.document import dumped
    from qtctl.views.listing import cells, columns, title, to_markdown

    found = listing(read_registry(registry_folder(registry)), kind, state)

    def tables() -> None:
        shown = table(*columns(found), title=title(found))
        for row in found.rows:
            shown.row(*cells(found, row))
        draw(shown)

    present(format_, lambda: dumped(found), lambda: to_markdown(found), tables)
