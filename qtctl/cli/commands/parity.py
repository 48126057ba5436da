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
    OutFileOption,
    ProfilesOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import present
from qtctl.cli.selecting import selects_one_host
from qtctl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtctl.dialects.compose.load import Project


@selects_one_host
def parity(
    compose: Annotated[
        list[Path] | None, typer.Option("--compose", metavar="FILE", help="A compose file; may be repeated.")
    ] = None,
    merged: ComposeFilesOption = None,
    env_files: EnvFilesOption = None,
    profiles: ProfilesOption = None,
    host: str | None = None,
    saved: FromOption = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    service: Annotated[
        str | None, typer.Option("--service", metavar="NAME", help="Only this compose service, with all its settings.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", metavar="", help="Show every setting of every service.")
    ] = False,
    format_: FormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Show what became of each compose service and its settings: kept, changed, lost or new, with a verdict."""
    from qtctl.api.parity import compare_projects
    from qtctl.api.registry import declare
    from qtctl.cli.compose_projects import load_projects
    from qtctl.cli.evidence import obtain
    from qtctl.reports.parity import build_report
    from qtctl.reports.parity_view import build_view

    missing = InputError("missing option '--compose'", hint="see qtctl parity --help")
    projects = load_projects(compose or (), merged or (), env_files or (), profiles or (), missing=missing)
    _check_service(service, projects)
    declared = declare(locate_registry(registry), host or "", templates=templates, as_name=as_name)
    evidence = None if host is None and saved is None else obtain(declared, host, saved, user)
    compared = compare_projects(projects, declared, evidence)
    report = build_report(compared.files, compared.new, compared.uncompared)
    present(build_view(report, compared.files, verbose=verbose, service=service or ""), format_, out)
    raise typer.Exit(choose_exit(report.conclusion))


def _check_service(service: str | None, projects: "Sequence[Project]") -> None:
    from qtctl.dialects.nearest import find_nearest

    names = [name for project in projects for name in project.list_services()]
    if service is not None and service not in names:
        near = find_nearest(service, names)
        files = ", ".join(project.file for project in projects)
        raise InputError(
            f"--service {service}: no such service in {files}", hint=f"did you mean {near}?" if near else ""
        )


EXAMPLES = (
    "qtctl parity --compose docker-compose.yml",
    "qtctl parity --compose docker-compose.yml --host lab1",
    "qtctl parity --compose docker-compose.yml --service api",
)
COMMAND = Command("parity", 160, Panel.LOOK, parity, {"": EXAMPLES})
