"""qtctl recover: end a deploy that could not be rolled back."""

from typing import Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_recover_exit
from qtctl.cli.options import AsOption, RegistryOption, UserOption, locate_registry
from qtctl.cli.output import complain, complain_of, show_progress, tell
from qtctl.cli.selecting import selects_one_host
from qtctl.model.events import Stage, begun

ACCEPT_HELP = "Leave the host as it is now, and end the deploy."


@selects_one_host
def recover(
    host: str,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    accept: Annotated[bool, typer.Option("--accept", metavar="", help=ACCEPT_HELP)] = False,
) -> None:
    """Try again to bring a host back to what was there before a deploy that failed.

    A host that could not go back refuses further deploys. Look at the units that it names first.
    """
    from qtctl.api.recover import recover as run
    from qtctl.api.registry import declare
    from qtctl.model.transaction import TransactionEnd

    declared = declare(locate_registry(registry), host, as_name=as_name)
    with show_progress() as say:
        say(begun(host, Stage.CONNECT))
        found, missing = run(declared, host, user=user, accept=accept, registry=locate_registry(registry))
    for each in missing:
        complain(f"warning: the audit trail has no record of this: {each}")
    if found is None:
        tell(f"{host}: there is no unfinished deploy")
    elif found.end is TransactionEnd.ACCEPTED:
        tell(f"{host} stays as it is: `qtctl plan` shows how it differs from what is declared")
    elif found.end is TransactionEnd.RESTORED:
        tell(f"{host} is as it was before that deploy")
    else:
        worse = [f"worse: {unit} is not as it was before" for unit in found.worse]
        complain_of((f"{host}: it could still not be rolled back", *worse, "fix that, or --accept the host as it is"))
    raise typer.Exit(choose_recover_exit(found))


EXAMPLES = ("qtctl recover --host web-1", "qtctl recover --host web-1 --accept")
COMMAND = Command("recover", 123, Panel.CHANGE, recover, {"": EXAMPLES})
