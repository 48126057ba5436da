"""qtctl report: documents about a host, from live or saved evidence."""

from importlib import import_module
from typing import TYPE_CHECKING

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit, choose_whole_exit
from qtctl.cli.options import (
    AsOption,
    DeclaredFormatOption,
    FormatOption,
    FromOption,
    OutFileOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    locate_registry,
)
from qtctl.cli.output import present
from qtctl.cli.selecting import selects_one_host

if TYPE_CHECKING:
    from pathlib import Path

    from qtctl.cli.evidence import Source
    from qtctl.model.evidence import Evidence
    from qtctl.reports.view import View

app = typer.Typer(help="Documents about a host, from live or saved evidence.", no_args_is_help=True)


@app.callback()
def reports() -> None:
    """Documents about a host, from live or saved evidence."""


def _add_judged(name: str, report: str, help_: str) -> None:
    """A command for a report of a host whose findings are those of an audit: `qtctl.reports.REPORT`."""

    @app.command(name, help=help_)
    @selects_one_host
    def write(
        context: typer.Context,
        host: str | None = None,
        saved: FromOption = None,
        registry: RegistryOption = None,
        as_name: AsOption = None,
        user: UserOption = None,
        templates: TemplatesOption = None,
        format_: FormatOption = None,
        out: OutFileOption = None,
    ) -> None:
        from qtctl.cli.evidence import Source

        source = Source(locate_registry(registry), templates, host, saved, as_name, user)
        _write_judged(report, source, context, format_, out)


_add_judged(
    "registry",
    "module_registry",
    "Write the module registry: what every service, port, venv, stream and timer is, each with its proof.",
)
_add_judged(
    "overview",
    "overview",
    "Write the overview of a host: health, critical services, recent restarts, resources, risks and gaps.",
)
_add_judged(
    "catalogue",
    "catalogue",
    "Write the service catalogue: purpose, owner, command, ports, streams, limits and state of every service.",
)


@app.command()
@selects_one_host
def flow(
    host: str | None = None,
    saved: FromOption = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    format_: DeclaredFormatOption = None,
    out: OutFileOption = None,
) -> None:
    """Write the event flow: who writes and reads each stream, dead ends, cycles, and the path of an event.

    Without --host and --from, it is what the registry declares.
    """
    from qtctl.api.flow import build_flow, draw_flow
    from qtctl.api.registry import declare
    from qtctl.cli.evidence import obtain
    from qtctl.reports.flow_view import build_view

    declared = declare(locate_registry(registry), host or "", as_name=as_name)
    evidence = None if host is None and saved is None else obtain(declared, host, saved, user)
    report = build_flow(declared, evidence)
    present(build_view(report, draw_flow(declared, report)), format_, out)
    raise typer.Exit(choose_whole_exit(not report.unreachable))


def _write_judged(name: str, source: "Source", context: typer.Context, format_: str | None, out: "Path | None") -> None:
    """`qtctl.reports.NAME`, and its view beside it."""
    from qtctl.cli.evidence import gather

    declared, evidence = gather(source, context.obj, lambda _: import_module(f"qtctl.reports.{name}_view"))
    from qtctl.api.audit import conclude, judge
    from qtctl.reports.view import name_under

    checks = judge(declared, evidence)
    report = import_module(f"qtctl.reports.{name}").build_report(declared.desired, evidence, checks)
    build_view = import_module(f"qtctl.reports.{name}_view").build_view
    locate = name_under(source.registry, source.templates)
    view = build_view(report, checks, locate, declared.host_place)
    present(_add_history(view, evidence) if name == "overview" else view, format_, out)
    raise typer.Exit(choose_exit(conclude(declared, checks)))


def _add_history(view: "View", evidence: "Evidence") -> "View":
    """What became of memory, restarts and lag, if there are snapshots of the host."""
    from dataclasses import replace
    from functools import cache

    from qtctl.api.looks import show_trends
    from qtctl.reports.blocks import Section

    page, screen = view.page, view.screen or view.page
    add = cache(lambda: (Section("History", show_trends(evidence)),))
    return replace(view, page=lambda: (*page(), *add()), screen=lambda: (*screen(), *add()))


EXAMPLES = {
    "registry": (
        "qtctl report registry --host lab1",
        "qtctl report registry --from evidence.json --format md --out modules.md",
    ),
    "overview": (
        "qtctl report overview --host lab1",
        "qtctl report overview --from evidence.json --format md --out overview.md",
    ),
    "catalogue": ("qtctl report catalogue --from evidence.json --format md --out services.md",),
    "flow": ("qtctl report flow", "qtctl report flow --from evidence.json --format md --out flow.md"),
}
COMMAND = Command("report", 150, Panel.LOOK, app, EXAMPLES)
