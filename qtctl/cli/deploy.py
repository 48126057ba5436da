"""qtctl deploy: make a host what the registry declares."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.exits import of_conclusion
from qtctl.cli.interrupt import cleanly
from qtctl.cli.options import (
    AsOption,
    HostOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    YesOption,
    registry_folder,
)
from qtctl.cli.output import confirmed, progress, tell, withhold
from qtctl.errors import DeployRefused, HostError, InputError
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtctl.cli.output import ProgressLine
    from qtctl.flows.declared import Declared
    from qtctl.model.plan import Plan
    from qtctl.ports.host import Host


def deploy(
    host: HostOption,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    yes: YesOption = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", metavar="", help="Replace files that qtctl did not write; the old are kept.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", metavar="", help="Show every step and diff, however many there are.")
    ] = False,
    deadline: Annotated[
        int, typer.Option("--deadline", metavar="SECONDS", min=1, help="How long it may take, once you said yes.")
    ] = 120,
) -> None:
    """Show what would change on a host, ask, change it, and return when it runs as declared."""
    from qtctl.adapters.clock import SystemClock
    from qtctl.api.registry import declare
    from qtctl.cli.deploy_view import ended
    from qtctl.engines.connect import passwords
    from qtctl.flows.deploy import deploy as run

    declared = declare(registry_folder(registry), host, templates=templates, as_name=as_name)
    secrets = passwords(declared.desired)
    withhold(*secrets.values())
    cleanly()
    with progress() as say, _connected(host, declared, user, say) as connection:
        outcome = run(
            connection,
            declared.desired,
            SystemClock(),
            take_over=take_over,
            confirm=_confirm(host, say, yes=yes, verbose=verbose),
            progress=say,
            deadline_s=deadline,
            passwords=secrets,
        )
    for line in ended(outcome, host):
        tell(line)
    raise typer.Exit(of_conclusion(outcome.conclusion))


def _connected(target: str, declared: "Declared", user: str | None, say: "ProgressLine") -> "Host":
    from qtctl.engines.connect import connect, declared_route

    say(begun(target, Stage.CONNECT))
    try:
        return connect(declared_route(target, declared.desired, user, "deploy"))
    except HostError as error:
        raise DeployRefused(f"nothing was changed: {error.what}", hint=error.hint, place=error.place) from error


def _confirm(target: str, say: "ProgressLine", *, yes: bool, verbose: bool) -> "Callable[[Plan], bool]":
    from qtctl.cli.deploy_view import show

    def confirm(plan: "Plan") -> bool:
        say.clear()
        name = target if target == plan.host else f"{target}, which stands in for {plan.host}"
        show(plan, name, verbose=verbose)
        if yes:
            return True
        if not sys.stdin.isatty():
            raise InputError("not asked, so nothing was changed", hint="answer on a terminal, or give --yes")
        return confirmed(f"Change {name}?")

    return confirm
