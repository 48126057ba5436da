"""qtctl show: one declared thing, whole."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.options import AsOption, DeclaredFormatOption, RegistryOption, TemplatesOption, locate_registry
from qtctl.cli.output import present


def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A service, timer, target, external, venv, stream, host or unit.")
    ],
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    as_name: AsOption = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """Show what is declared for NAME, where each value comes from, its streams, and the units made from it."""
    from qtctl.adapters.files import read_registry
    from qtctl.adapters.templates import load_unit_templates
    from qtctl.flows.views import show as look
    from qtctl.views.presented import show_view

    found = look(read_registry(locate_registry(registry)), load_unit_templates(templates), name, as_name)
    present(show_view(found), format_)


EXAMPLES = (
    "qtctl show ai-engine",
    "qtctl show quantum:mode",
    "qtctl show ai-engine --format json",
)
COMMAND = Command("show", 60, Panel.DECLARE, show, {"": EXAMPLES})
