"""qtctl watch: units, restarts, lag and ports of hosts, as they change."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.commands.logs import WANTED_HELP
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import AsOption, AtOnceOption, RegistryOption, UserOption, locate_registry
from qtctl.cli.output import can_redraw, check_reader, make_harmless, write_lines
from qtctl.cli.selecting import selects_hosts
from qtctl.errors import InputError
from qtctl.model.selection import HostSelection

FORMATS = ("live", "text", "jsonl")
FORMAT_HELP = "live, text (a line for each change) or jsonl. Default: live on a terminal, text elsewhere."


def _check_format(given: str | None) -> str | None:
    if given is not None and given not in FORMATS:
        raise typer.BadParameter(f"{given!r} is not one of {', '.join(map(repr, FORMATS))}")
    return given


@selects_hosts
def watch(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVICE|TARGET|@TAG]", help=WANTED_HELP, show_default=False)
    ] = None,
    *,
    wanted: HostSelection,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    at_once: AtOnceOption = None,
    format_: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", callback=_check_format, help=FORMAT_HELP)
    ] = None,
) -> None:
    """Watch units, restarts, lag and ports: a change appears within a second.

    It runs until it is interrupted. A lost connection is shown, and opened again.
    """
    from qtctl.api import watch as api
    from qtctl.cli.commands.logs import select_targets

    how = format_ or ("live" if can_redraw() else "text")
    if how == "live" and not can_redraw():
        raise InputError("--format live needs a terminal, and not a dumb one", hint="use text or jsonl")
    loaded, targets = select_targets(locate_registry(registry), wanted, as_name)
    tasks = api.plan_tasks(loaded, targets, tuple(names or ()), user=user, as_name=as_name)
    changes = api.watch(tasks, at_once=at_once or api.AT_ONCE, stopped=check_reader)
    if how == "live":
        from qtctl.cli.live import show_live

        raise_on_interrupt()
        with show_live() as view:
            for each in changes:
                view.take(each)
        return
    from qtctl.reports.watch_lines import describe, write_object

    for each in changes:
        write_lines(map(write_object if how == "jsonl" else lambda change: make_harmless(describe(change)), each))


EXAMPLES = ("qtctl watch --host web-1", "qtctl watch api feed --tag workers --format jsonl")
COMMAND = Command("watch", 167, Panel.LOOK, watch, {"": EXAMPLES})
