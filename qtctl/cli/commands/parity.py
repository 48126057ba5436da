"""qtctl parity: what became of each service of a compose file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit
from qtctl.cli.options import (
    AsOption,
    ComposeFilesOption,
    EnvFilesOption,
    FormatOption,
    FromOption,
    OptionalHostOption,
    OutFileOption,
    ProfilesOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import present
from qtctl.errors import InputError

if TYPE_CHECKING:
    from qtctl.dialects.compose.types import Compose
    from qtctl.flows.declare import Loaded
    from qtctl.model.facts import Facts
    from qtctl.parity.rows import ParityReport


def parity(
    compose: Annotated[
        list[Path] | None, typer.Option("--compose", metavar="FILE", help="A compose file; may be repeated.")
    ] = None,
    merged: ComposeFilesOption = None,
    env_files: EnvFilesOption = None,
    profiles: ProfilesOption = None,
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
    from qtctl.api.registry import declare
    from qtctl.cli.compose_projects import load_projects
    from qtctl.cli.evidence import obtain
    from qtctl.dialects.compose.load import make_compose
    from qtctl.model.facts import Facts
    from qtctl.reports.parity import build_report
    from qtctl.reports.parity_view import build_view

    missing = InputError("missing option '--compose'", hint="see qtctl parity --help")
    projects = load_projects(compose or (), merged or (), env_files or (), profiles or (), missing=missing)
    loaded = [make_compose(each) for each in projects]
    declared = declare(locate_registry(registry), host or "", templates=templates, as_name=as_name)
    facts = None if host is None and saved is None else Facts.of(obtain(declared, host, saved, user))
    compared = tuple(_compare(declared, each, facts) for each in loaded)
    report = build_report(compared)
    present(build_view(report, compared), format_, out)
    raise typer.Exit(choose_exit(report.conclusion))


def _compare(declared: "Loaded", compose: "Compose", facts: "Facts | None") -> "ParityReport":
    from qtctl.parity.compare import compare, find_legacy
    from qtctl.rules.places import list_declared_elsewhere

    registry, desired = declared.registry, declared.desired
    elsewhere = list_declared_elsewhere(registry, desired)
    return compare(compose, find_legacy(registry.legacy, compose.file), desired, facts, elsewhere)


EXAMPLES = (
    "qtctl parity --compose docker-compose.yml",
    "qtctl parity --compose docker-compose.yml --host lab1",
)
COMMAND = Command("parity", 160, Panel.LOOK, parity, {"": EXAMPLES})
