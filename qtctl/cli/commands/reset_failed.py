"""qtctl reset-failed: forget that units have failed, and how often they were started."""

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
def reset_failed(
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
    """Forget that units have failed, and how often they were started."""
    given = ControlOptions(
        hosts, units or (), category or (), locate_registry(registry), as_name, user, reason, at_once,
        deadline, format_, yes,
    )  # fmt: skip
    raise typer.Exit(run_control(ControlVerb.RESET_FAILED, given))


EXAMPLES = (
    "qtctl reset-failed ai-engine --host lab1",
    "qtctl reset-failed quantum-core.target --host lab1 --yes",
    "qtctl reset-failed --category api --tag web",
)
COMMAND = Command("reset-failed", 129, Panel.OPERATE, reset_failed, {"": EXAMPLES})
