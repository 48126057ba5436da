"""qtctl deploy: make hosts what the registry declares."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.commands.plan import Shown, show_plan
from qtctl.cli.deploy_output import DeployOutput, check_plan_choices, make_confirmation
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import (
    AsOption,
    BatchOption,
    ClonesOption,
    CutOverOption,
    DeadlineOption,
    DeployFormatOption,
    PruneOption,
    RegistryOption,
    SteadyOption,
    TakeOverOption,
    TemplatesOption,
    UserOption,
    VerboseOption,
    WheelsOption,
    YesOption,
    locate_registry,
)
from qtctl.cli.output import show_progress, withhold
from qtctl.cli.selecting import Selected, selects_hosts_to_change
from qtctl.contained.looking import is_folder, make_absent_error
from qtctl.errors import InputError
from qtctl.formats.catalogue import Content, list_offered
from qtctl.model.events import Stage, begun
from qtctl.model.rollout import OnFailure

if TYPE_CHECKING:
    from qtctl.flows.declared import Declared
    from qtctl.model.plan import Choices


ON_FAILURE_HELP = (
    "What is rolled back if a host is not as declared: that host, its batch, or all that were changed. "
    "Default: rollout.on_failure in policy.toml, or host."
)
AT_ONCE_HELP = "Hosts of a batch that are deployed at the same time. Default: rollout.at_once in policy.toml, or 8."
SKIP_HELP = "Leave out hosts that cannot be planned or are refused, and deploy the others."
PLAN_HELP = "Carry out this plan from qtctl plan --out, or refuse if it is no longer what a host needs."


@selects_hosts_to_change
def deploy(
    hosts: Selected,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    yes: YesOption = False,
    take_over: TakeOverOption = False,
    prune: PruneOption = False,
    cut_over: CutOverOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Only show the plan, as qtctl plan does.")
    ] = False,
    planned: Annotated[Path | None, typer.Option("--plan", metavar="FILE", help=PLAN_HELP)] = None,
    clones: ClonesOption = None,
    wheels: WheelsOption = None,
    batch: BatchOption = None,
    on_failure: Annotated[OnFailure | None, typer.Option("--on-failure", help=ON_FAILURE_HELP)] = None,
    at_once: Annotated[int | None, typer.Option("--at-once", metavar="N", min=1, max=100, help=AT_ONCE_HELP)] = None,
    skip_refused: Annotated[bool, typer.Option("--skip-refused", metavar="", help=SKIP_HELP)] = False,
    verbose: VerboseOption = False,
    deadline: DeadlineOption = 120,
    steady: SteadyOption = None,
    format_: DeployFormatOption = "table",
) -> None:
    """Show what would change on hosts, ask, change it, and return when they run as declared.

    Several hosts are deployed in batches, the first of which is the canary. Once one fails, no other is started.
    """
    from qtctl.api.connection import connect_ahead
    from qtctl.api.declared import declare_known
    from qtctl.engines.connect import read_passwords
    from qtctl.model.plan import Choices

    for folder, held in ((clones, "clones"), (wheels, "packages")):
        if folder is not None and not is_folder(folder):
            raise make_absent_error(folder, f"there is no folder of {held} here", "check the path")
    choices = Choices(take_over, prune, cut_over=cut_over)
    if dry_run and format_ not in list_offered(Content.DECLARED):
        raise InputError(f"--dry-run has no format {format_}", hint="table, json or md: nothing is judged here")
    if not hosts.alone:
        from qtctl.cli.rollout import FleetDeploy, RolloutOptions, deploy_hosts, show_plans

        several = FleetDeploy(
            hosts.names, locate_registry(registry), user, templates, choices, format_, verbose, planned, clones, wheels,
            deadline, steady, yes,
        )  # fmt: skip
        options = RolloutOptions(batch, on_failure, at_once, skip_refused)
        raise typer.Exit(show_plans(several, options, None) if dry_run else deploy_hosts(several, options))
    host = hosts.names[0]
    declared = declare_known(locate_registry(registry), host, templates=templates, as_name=as_name)
    if planned is not None:
        choices = _read_choices(planned, declared, host, choices)
    if dry_run:
        raise typer.Exit(show_plan(declared, host, user, choices, Shown(format_, verbose)))
    secrets = read_passwords(declared.desired)
    withhold(*secrets.values())
    told = DeployOutput(host, declared, format_, locate_registry(registry), templates)
    with connect_ahead(declared, host, user) as connector, show_progress() as say:
        say(begun(host, Stage.CONNECT))
        from qtctl.adapters.supplies import LocalSupplies
        from qtctl.api.deploy import deploy as run

        raise_on_interrupt()
        outcome = run(
            declared,
            host,
            confirm=make_confirmation(told, say, yes=yes, verbose=verbose),
            user=user,
            choices=choices,
            progress=say,
            deadline_s=deadline,
            passwords=secrets,
            steady_s=declared.desired.steady_s if steady is None else steady,
            supplies=LocalSupplies(clones, wheels),
            registry=locate_registry(registry),
            connector=connector,
        )
    raise typer.Exit(told.end(outcome))


def _read_choices(file: "Path", declared: "Declared", host: str, given: "Choices") -> "Choices":
    """What the plan in `file` was made with. InputError if an option says so too."""
    from qtctl.api.plan import read

    check_plan_choices(given)
    return read(file, declared, host)


EXAMPLES = (
    "qtctl deploy --host lab1",
    "qtctl deploy --host web-1 --yes",
    "qtctl deploy --host web-1 --plan web-1.plan",
    "qtctl deploy --host web-1 --verbose",
    "qtctl deploy --tag web --batch 1,25% --on-failure batch",
    "qtctl deploy --tag web --plan web.plans",
)
COMMAND = Command("deploy", 120, Panel.CHANGE, deploy, {"": EXAMPLES})
