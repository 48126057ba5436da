"""qtctl host: what a host needs before an account that is not root can deploy to it."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_prepare_exit
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import AsOption, DeclaredFormatOption, RegistryOption, UserOption, locate_registry
from qtctl.cli.output import present, show_progress
from qtctl.cli.selecting import selects_one_host
from qtctl.model.events import Stage, begun

app = typer.Typer(help="Set up a host for deploys by an account that is not root.", no_args_is_help=True)


@app.callback()
def hosts() -> None:
    """Set up a host for deploys by an account that is not root."""


@app.command()
@selects_one_host
def prepare(
    host: str,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    apply: Annotated[bool, typer.Option("--apply", metavar="", help="Make the changes.")] = False,
    remove: Annotated[
        bool, typer.Option("--remove", metavar="", help="Remove what was installed; accounts stay.")
    ] = False,
    format_: DeclaredFormatOption = None,
) -> None:
    """Show what lets the deploy account work without being root, or install it with --apply.

    That is one program owned by root (the helper), the list of what it lets a deploy do, a sudoers rule for it alone,
    and the accounts for audits and deploys. Run it as root, or as an account with full sudo. An account that may write
    units is as good as root.
    """
    from qtctl.api.preparation import prepare as run
    from qtctl.api.registry import declare
    from qtctl.apply.helper import build_helper
    from qtctl.reports.preparation import build_report
    from qtctl.reports.preparation_view import build_view

    declared = declare(locate_registry(registry), host, as_name=as_name)
    raise_on_interrupt()
    with show_progress() as say:
        say(begun(host, Stage.CONNECT))
        plan = run(declared, host, user=user, apply=apply, remove=remove)
    report = build_report(plan, address=host, helper=build_helper().version, applied=apply and bool(plan.changes))
    present(build_view(report), format_)
    raise typer.Exit(choose_prepare_exit(plan, applied=apply))


EXAMPLES = {
    "prepare": (
        "qtctl host prepare --host lab1 --user root",
        "qtctl host prepare --host lab1 --user root --apply",
        "qtctl host prepare --host web-1 --user root --remove --apply",
    ),
}
COMMAND = Command("host", 115, Panel.CHANGE, app, EXAMPLES)
