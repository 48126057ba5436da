"""qtctl list: what is declared."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.options import DeclaredFormatOption, RegistryOption, locate_registry
from qtctl.cli.output import present
from qtctl.views.choices import Kind, State


def list_(
    kind: Annotated[Kind, typer.Option("--kind", help="What to list.")] = Kind.SERVICES,
    state: Annotated[
        State | None, typer.Option("--state", help="Only what is declared in this state (default: all).")
    ] = None,
    registry: RegistryOption = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """List what the registry declares: services, or another kind, each with its unit, state and what belongs to it."""
    from qtctl.adapters.files import read_registry
    from qtctl.flows.views import make_listing
    from qtctl.views.presented import list_view

    present(list_view(make_listing(read_registry(locate_registry(registry)), kind, state)), format_)


EXAMPLES = (
    "qtctl list",
    "qtctl list --kind hosts",
    "qtctl list --state retired",
    "qtctl list --kind ports --format json",
)
COMMAND = Command("list", 50, Panel.DECLARE, list_, {"": EXAMPLES})
