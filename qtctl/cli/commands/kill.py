"""qtctl kill: send a signal to all processes of units."""

import signal as signals
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.controlling import (
    CategoryOption,
    ControlAtOnceOption,
    ControlDeadlineOption,
    ControlOptions,
    ReasonOption,
    UnitsArgument,
    list_examples,
    run_control,
)
from qtctl.cli.options import (
    AsOption,
    ControlFormatOption,
    RegistryOption,
    UserOption,
    YesOption,
    locate_registry,
)
from qtctl.cli.selecting import Selected, selects_hosts_to_change
from qtctl.model.control import ControlVerb


def _read_signal(given: str) -> int:
    """The number of a signal: TERM, SIGTERM or 15. 0 if it is none."""
    if given.isdecimal():
        return int(given) if 0 < int(given) <= MOST_SIGNAL else 0
    name = given.upper() if given.upper().startswith("SIG") else f"SIG{given.upper()}"
    return next((each.value for each in signals.Signals if each.name == name), 0)


def _check_signal(given: str) -> str:
    if not _read_signal(given):
        raise typer.BadParameter(f"{given!r} is not a signal: SIGTERM, HUP, 9")
    return given


MOST_SIGNAL = 64


@selects_hosts_to_change
def kill(
    context: typer.Context,
    hosts: Selected,
    units: UnitsArgument = None,
    category: CategoryOption = None,
    signal: Annotated[
        str, typer.Option("--signal", "-s", metavar="SIGNAL", callback=_check_signal, help="A name or a number.")
    ] = "SIGTERM",
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    reason: ReasonOption = "",
    at_once: ControlAtOnceOption = None,
    deadline: ControlDeadlineOption = 120,
    yes: YesOption = False,
    format_: ControlFormatOption = "table",
) -> None:
    """Send a signal to all processes of units."""
    given = ControlOptions(
        hosts, units or (), category or (), locate_registry(registry), as_name, user, reason, at_once,
        deadline, format_, yes, context.obj,
    )  # fmt: skip
    raise typer.Exit(run_control(ControlVerb.KILL, given, _read_signal(signal)))


COMMAND = Command("kill", 129, Panel.OPERATE, kill, {"": list_examples(ControlVerb.KILL)})
