"""qtctl schema: JSON Schemas of registry files and of what qtctl writes."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.output import show, write


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="For example service or audit; without it, all are listed.")
    ] = None,
) -> None:
    """Print the JSON Schema of a registry file, for editors, or of a document that qtctl writes, for programs."""
    from qtctl.adapters.files import locate_shipped, read_text
    from qtctl.flows.schemas import describe_schemas, find_schema, format_schema, read_meanings

    if name is not None:
        write(format_schema(find_schema(name, read_meanings(read_text(locate_shipped("keys.toml"))))))
        return
    from qtctl.reports.blocks import Table

    show((Table(("schema", "of"), tuple(describe_schemas().items())),))


EXAMPLES = (
    "qtctl schema",
    "qtctl schema service",
    "qtctl schema audit > audit.schema.json",
)
COMMAND = Command("schema", 80, Panel.DECLARE, schema, {"": EXAMPLES})
