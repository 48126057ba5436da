"""qtctl show: one declared thing, whole."""

from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.options import AsOption, FormatOption, RegistryOption, TemplatesOption, registry_folder
from qtctl.cli.output import draw, present, table, tell
from qtctl.dialects.lines import file_lines

if TYPE_CHECKING:
    from qtctl.views.show import Shown, Thing


def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A service, timer, target, external, venv, stream or unit.")
    ],
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    as_name: AsOption = None,
    format_: FormatOption = None,
) -> None:
    """Show what is declared of NAME, where each value comes from, its streams, and the units made of it."""
    from qtctl.adapters.files import read_registry
    from qtctl.adapters.templates import unit_templates
    from qtctl.flows.views import show as look
    from qtctl.report.document import dumped
    from qtctl.views.show_markdown import to_markdown

    found = look(read_registry(registry_folder(registry)), unit_templates(templates), name, as_name)
    present(format_, lambda: dumped(found), lambda: to_markdown(found), lambda: _tables(found))


def _tables(found: "Shown") -> None:
    for thing in found.things:
        _facts(thing)
        _rows(thing)
        for file in thing.files:
            tell(file.path)
            if file.text is not None:
                for line in file_lines(file.text):
                    tell(f"  {line}")


def _facts(thing: "Thing") -> None:
    from qtctl.views.show_markdown import facts

    shown = table(thing.kind, thing.name, title=thing.summary)
    for row in facts(thing):
        shown.row(*row)
    draw(shown)


def _rows(thing: "Thing") -> None:
    from qtctl.views.show_markdown import STREAM_COLUMNS, VALUE_COLUMNS, stream_rows, value_rows

    for columns, rows in ((VALUE_COLUMNS, value_rows(thing)), (STREAM_COLUMNS, stream_rows(thing))):
        if rows:
            shown = table(*columns)
            for row in rows:
                shown.row(*row)
            draw(shown)
