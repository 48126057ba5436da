"""qtctl rollback: bring a host back to what an earlier deploy made of it."""

from dataclasses import replace
from typing import Annotated, NamedTuple

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.deploy_output import DeployOutput, make_confirmation
from qtctl.cli.exits import Exit
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import (
    AsOption,
    DeadlineOption,
    DeployFormatOption,
    RegistryOption,
    SteadyOption,
    TakeOverOption,
    UserOption,
    VerboseOption,
    YesOption,
    locate_registry,
)
from qtctl.cli.output import show_progress, withhold
from qtctl.cli.selecting import selects_one_host
from qtctl.errors import InputError
from qtctl.model.events import Stage, begun

TO_HELP = (
    "The generation, as qtctl generations lists it; 0 is what was there before the first deploy. "
    "Default: the one before the current one."
)
FOUND = 0


@selects_one_host
def rollback(
    host: str,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    to: Annotated[int | None, typer.Option("--to", metavar="N", min=0, help=TO_HELP)] = None,
    take_over: TakeOverOption = False,
    yes: YesOption = False,
    verbose: VerboseOption = False,
    deadline: DeadlineOption = 120,
    steady: SteadyOption = None,
    format_: DeployFormatOption = "table",
) -> None:
    """Go back to an earlier generation: planned, shown, asked and verified like a deploy.

    The registry says how the host is reached. What it must have comes from the host, which keeps its last ten
    generations. Units that the generation does not know are removed. Secrets are not in it: they stay as they are.
    Generation 0 is what was on the host before qtctl first deployed to it.
    """
    from qtctl.api.connection import connect_ahead
    from qtctl.api.declared import declare_known
    from qtctl.engines.connect import read_passwords

    declared = declare_known(locate_registry(registry), host, as_name=as_name)
    steady = declared.desired.steady_s if steady is None else steady
    if to == FOUND and take_over:
        raise InputError("--take-over is not for generation 0", hint="what was there then is brought back as it was")
    if to == FOUND:
        told = DeployOutput(host, declared, format_, locate_registry(registry), None, "as before its first deploy")
        raise typer.Exit(_bring_back_found(told, user, Wanted(yes, verbose, deadline, steady)))
    secrets = read_passwords(declared.desired)
    withhold(*secrets.values())
    with connect_ahead(declared, host, user) as connector, show_progress() as say:
        say(begun(host, Stage.CONNECT))
        from qtctl.api import rollback as api

        raise_on_interrupt()
        earlier = api.find_earlier(declared, host, to, user=user, connector=connector.borrow)
        then = replace(declared, desired=earlier.desired)
        state = f"as declared in generation {earlier.record.number}"
        told = DeployOutput(host, then, format_, locate_registry(registry), None, state)
        outcome = api.rollback(
            declared,
            host,
            earlier.desired,
            confirm=make_confirmation(told, say, yes=yes, verbose=verbose),
            user=user,
            progress=say,
            deadline_s=deadline,
            passwords=secrets,
            steady_s=steady,
            registry=locate_registry(registry),
            connector=connector,
            take_over=take_over,
        )
    raise typer.Exit(told.end(outcome))


class Wanted(NamedTuple):
    yes: bool
    verbose: bool
    deadline: int
    steady: float


def _bring_back_found(told: DeployOutput, user: str | None, wanted: Wanted) -> Exit:
    from qtctl.api import rollback as api

    raise_on_interrupt()
    with show_progress() as say:
        say(begun(told.target, Stage.CONNECT))
        outcome = api.bring_back_found(
            told.declared,
            told.target,
            api.find_found(told.declared, told.target, user=user),
            confirm=make_confirmation(told, say, yes=wanted.yes, verbose=wanted.verbose),
            user=user,
            progress=say,
            deadline_s=wanted.deadline,
            steady_s=wanted.steady,
            registry=told.registry,
        )
    return told.end(outcome)


EXAMPLES = (
    "qtctl rollback --host lab1",
    "qtctl rollback --host web-1 --to 12 --yes",
    "qtctl rollback --host web-1 --to 0",
)
COMMAND = Command("rollback", 122, Panel.CHANGE, rollback, {"": EXAMPLES})
