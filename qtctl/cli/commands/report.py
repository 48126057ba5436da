"""qtctl report: documents about a host, from live or saved evidence."""

from importlib import import_module

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit
from qtctl.cli.options import (
    AsOption,
    FormatOption,
    FromOption,
    OptionalHostOption,
    OutFileOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import present

app = typer.Typer(help="Documents about a host, from live or saved evidence.", no_args_is_help=True)


@app.callback()
def reports() -> None:
    """Documents about a host, from live or saved evidence."""


@app.command()
def registry(
    context: typer.Context,
    host: OptionalHostOption = None,
    saved: FromOption = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    format_: FormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Write the module registry: what every service, port, venv, stream and timer is, each with its proof."""
    from qtctl.cli.evidence import Source, gather

    source = Source(locate_registry(registry), templates, host, saved, as_name, user)
    declared, evidence = gather(source, context.obj, lambda _: import_module("qtctl.reports.module_registry_view"))
    from qtctl.api.audit import conclude, judge
    from qtctl.reports.module_registry import build_report
    from qtctl.reports.module_registry_view import build_view
    from qtctl.reports.view import name_under

    checks = judge(declared, evidence)
    report = build_report(declared.desired, evidence, checks)
    present(build_view(report, checks, name_under(source.registry, templates), declared.host_place), format_, out)
    raise typer.Exit(choose_exit(conclude(declared, checks)))


EXAMPLES = {
    "registry": (
        "qtctl report registry --host lab1",
        "qtctl report registry --from evidence.json --format md --out modules.md",
    ),
}
COMMAND = Command("report", 150, Panel.LOOK, app, EXAMPLES)
