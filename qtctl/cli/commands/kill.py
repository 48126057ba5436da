"""qtctl kill: send a signal to all processes of units."""

import signal as signals
from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.controlling import ControlOptions, list_examples, run_control, takes_control_options
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


@takes_control_options
def kill(
    given: ControlOptions,
    signal: Annotated[
        str, typer.Option("--signal", "-s", metavar="SIGNAL", callback=_check_signal, help="A name or a number.")
    ] = "SIGTERM",
) -> None:
    """Send a signal to all processes of units."""
    raise typer.Exit(run_control(ControlVerb.KILL, given, _read_signal(signal)))


COMMAND = Command("kill", 129, Panel.OPERATE, kill, {"": list_examples(ControlVerb.KILL)})
