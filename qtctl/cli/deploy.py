"""qtctl deploy: make a host what the registry declares."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.exits import Exit
from qtctl.cli.options import (
    AsOption,
    HostOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    YesOption,
    registry_folder,
)
from qtctl.cli.output import console, progress, table, write
from qtctl.errors import DeployRefused, HostError, InputError

if TYPE_CHECKING:
    from qtctl.flows.deploy import DeployOutcome
    from qtctl.model.plan import Plan


def deploy(
    host: HostOption,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    yes: YesOption = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Replace files that qtctl did not write; the old ones are kept.")
    ] = False,
    deadline: Annotated[int, typer.Option("--deadline", metavar="SECONDS", help="How long it may take.")] = 120,
) -> None:
    """Show what would change on a host, ask, change it, and return when it runs as declared."""
    from qtctl.adapters.clock import SystemClock
    from qtctl.cli.connect import connect
    from qtctl.cli.evidence import declare
    from qtctl.flows.deploy import deploy as run

    declared = declare(registry_folder(registry), templates, host, as_name)
    with progress() as say:
        say(f"connecting to {host}")
        try:
            connection = connect(host, declared.registry, declared.desired.host, user, "deploy")
        except HostError as error:
            raise DeployRefused(error.what, hint=error.hint or "nothing was changed", place=error.place) from error
        with connection:
            outcome = run(
                connection,
                declared.desired,
                SystemClock(),
                take_over=take_over,
                confirm=lambda plan: _confirmed(plan, say.clear, yes=yes),
                progress=say,
                deadline_s=deadline,
            )
    raise typer.Exit(_report(outcome, host))


def _confirmed(plan: "Plan", clear: "object", *, yes: bool) -> bool:
    if callable(clear):
        clear()
    _show(plan)
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError("not asked, so nothing was changed", hint="answer on a terminal, or give --yes")
    return typer.confirm(f"Change {plan.host}?")


def _show(plan: "Plan") -> None:
    shown = table("step", "what", "why", title=f"{plan.host}: {len(plan.steps)} changes")
    for step in plan.steps:
        shown.add_row(step.kind.value, step.subject, step.reason)
    console().print(shown)
    for step in plan.steps:
        if step.diff:
            write(step.diff)


def _report(outcome: "DeployOutcome", host: str) -> Exit:
    words = {
        "unchanged": f"{host} is as declared: nothing to change",
        "deployed": f"{host} now runs as declared",
        "declined": "nothing was changed",
    }
    write(words.get(outcome.status, outcome.status))
    return Exit.FINDINGS if outcome.status == "declined" else Exit.OK
