"""qtctl verify: systemd's own tools judge the generated units, on this machine."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import AsOption, FormatOption, RegistryOption, TemplatesOption, locate_registry
from qtctl.cli.output import present


def verify(
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    as_name: AsOption = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", metavar="N", min=0, max=10, help="A service with an exposure above N (0 to 10) is a finding."
        ),
    ] = None,
    format_: FormatOption = None,
) -> None:
    """Check a host's generated units, calendars and sandboxes with the systemd tools of this machine."""
    from qtctl.adapters.analyze import LocalAnalyze
    from qtctl.api.registry import declare
    from qtctl.flows.verify import verify as judge
    from qtctl.reports.verify import build_report
    from qtctl.reports.verify_view import build_view
    from qtctl.reports.view import name_under

    raise_on_interrupt()
    folder = locate_registry(registry)
    verified = judge(declare(folder, templates=templates, as_name=as_name), LocalAnalyze(), threshold)
    report = build_report(verified)
    present(build_view(report, verified, name_under(folder, templates)), format_)
    raise typer.Exit(choose_exit(report.conclusion))


EXAMPLES = (
    "qtctl verify",
    "qtctl verify --threshold 8",
)
COMMAND = Command("verify", 100, Panel.DECLARE, verify, {"": EXAMPLES})
