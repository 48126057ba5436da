"""qtctl stop: stop units on hosts. What stops along with them is named before anything happens."""

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.controlling import (
    CategoryOption,
    ControlAtOnceOption,
    ControlDeadlineOption,
    ControlOptions,
    ReasonOption,
    UnitsArgument,
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


@selects_hosts_to_change
def stop(
    hosts: Selected,
    units: UnitsArgument = None,
    category: CategoryOption = None,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    reason: ReasonOption = "",
    at_once: ControlAtOnceOption = None,
    deadline: ControlDeadlineOption = 120,
    yes: YesOption = False,
    format_: ControlFormatOption = "table",
) -> None:
    """Stop units on hosts. What stops along with them is named before anything happens."""
    given = ControlOptions(
        hosts, units or (), category or (), locate_registry(registry), as_name, user, reason, at_once,
        deadline, format_, yes,
    )  # fmt: skip
    raise typer.Exit(run_control(ControlVerb.STOP, given))


EXAMPLES = (
    "qtctl stop ai-engine --host lab1",
    "qtctl stop quantum-core.target --host lab1 --yes",
    "qtctl stop --category api --tag web",
)
COMMAND = Command("stop", 127, Panel.OPERATE, stop, {"": EXAMPLES})
