"""qtctl reload: make units read their configuration again, where they can."""

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
def reload(
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
    """Make units read their configuration again, where they can."""
    given = ControlOptions(
        hosts, units or (), category or (), locate_registry(registry), as_name, user, reason, at_once,
        deadline, format_, yes,
    )  # fmt: skip
    raise typer.Exit(run_control(ControlVerb.RELOAD, given))


EXAMPLES = (
    "qtctl reload ai-engine --host lab1",
    "qtctl reload quantum-core.target --host lab1 --yes",
    "qtctl reload --category api --tag web",
)
COMMAND = Command("reload", 128, Panel.OPERATE, reload, {"": EXAMPLES})
