"""qtctl parity: what became of each service of a compose file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.exits import Exit, decide
from qtctl.cli.options import (
    AsOption,
    FormatOption,
    FromOption,
    OptionalHostOption,
    OutFileOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    registry_folder,
)
from qtctl.cli.output import Format, write

if TYPE_CHECKING:
    from qtctl.dialects.compose.types import Compose
    from qtctl.flows.declare import Loaded
    from qtctl.model.facts import Facts
    from qtctl.parity.rows import ParityReport


def parity(
    compose: Annotated[list[Path], typer.Option("--compose", metavar="FILE", help="A compose file; may be repeated.")],
    host: OptionalHostOption = None,
    saved: FromOption = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    format_: FormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Each compose service with where it went, its unit and ports side by side, and a computed verdict."""
    from qtctl.adapters.files import check_writable, read_text
    from qtctl.cli.evidence import declare, obtain
    from qtctl.dialects.compose.load import load
    from qtctl.model.facts import Facts
    from qtctl.report.parity import to_json
    from qtctl.report.parity_markdown import to_markdown

    loaded = [load(read_text(path), str(path)) for path in compose]
    declared = declare(registry_folder(registry), templates, host or "", as_name)
    if out is not None:
        check_writable(out)
    facts = None if host is None and saved is None else Facts.of(obtain(declared, host, saved, user))
    reports = tuple(_compare(declared, each, facts) for each in loaded)
    text = to_json(reports) if format_ is Format.JSON else to_markdown(reports)
    write(text, out)
    raise typer.Exit(decide(exit_of(report) for report in reports))


def exit_of(report: "ParityReport") -> Exit:
    """1 where a service has no disposition or there is a gap, 3 where something is unknown."""
    from qtctl.parity.rows import ParityVerdict

    codes = {ParityVerdict.GAP: Exit.FINDINGS, ParityVerdict.UNKNOWN: Exit.INCOMPLETE}
    return codes.get(report.verdict, Exit.OK)


def _compare(declared: "Loaded", compose: "Compose", facts: "Facts | None") -> "ParityReport":
    from qtctl.parity.compare import compare, legacy_of

    registry, desired = declared.registry, declared.desired
    here = {each.name for each in desired.services} | {each.name for each in desired.externals}
    elsewhere = {*registry.services, *registry.externals} - here - {ghost.name for ghost in desired.ghosts}
    return compare(compose, legacy_of(registry.legacy, compose.file), desired, facts, elsewhere)
