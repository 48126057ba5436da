"""qtctl parity: what became of each service of a compose file."""

from pathlib import Path
from typing import Annotated

import typer

from qtctl.cli.exits import decide
from qtctl.cli.options import (
    AsOption,
    FormatOption,
    FromOption,
    OptionalHostOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    registry_folder,
)
from qtctl.cli.output import Format, write


def parity(
    compose: Annotated[list[Path], typer.Option("--compose", metavar="FILE", help="A compose file; may be repeated.")],
    host: OptionalHostOption = None,
    saved: FromOption = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    format_: FormatOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write there, not to stdout.")] = None,
) -> None:
    """Each compose service with where it went, its unit and ports side by side, and a computed verdict."""
    from qtctl.adapters.files import read_text, write_atomic
    from qtctl.cli.evidence import declare, obtain
    from qtctl.dialects.compose.load import load
    from qtctl.model.facts import Facts
    from qtctl.report.parity import to_json, to_markdown

    loaded = [load(read_text(path), str(path)) for path in compose]
    declared = declare(registry_folder(registry), templates, host or "", as_name)
    facts = None if host is None and saved is None else Facts.of(obtain(declared, host, saved, user))
    reports = [_compare(declared, each, path.name, facts) for each, path in zip(loaded, compose, strict=True)]
    text = to_json(reports) if format_ is Format.JSON else to_markdown(reports)
    if out is None:
        write(text)
    else:
        write_atomic(out, text.encode())
    raise typer.Exit(decide(_exit(report) for report in reports))
