"""qtctl restart: restart units on hosts. What restarts along with them is named before anything happens."""

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
def restart(
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
    """Restart units on hosts. What restarts along with them is named before anything happens."""
    given = ControlOptions(
        hosts, units or (), category or (), locate_registry(registry), as_name, user, reason, at_once,
        deadline, format_, yes,
    )  # fmt: skip
    raise typer.Exit(run_control(ControlVerb.RESTART, given))


EXAMPLES = (
    "qtctl restart ai-engine --host lab1",
    "qtctl restart quantum-core.target --host lab1 --yes",
    "qtctl restart --category api --tag web",
)
COMMAND = Command("restart", 128, Panel.OPERATE, restart, {"": EXAMPLES})
