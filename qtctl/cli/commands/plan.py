"""qtctl plan: what a deploy would change on hosts, read-only."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import Exit, choose_plan_exit
from qtctl.cli.options import (
    AsOption,
    BatchOption,
    CutOverOption,
    DeclaredFormatOption,
    PruneOption,
    RegistryOption,
    TakeOverOption,
    TemplatesOption,
    UserOption,
    VerboseOption,
    locate_registry,
)
from qtctl.cli.output import complain_of, present, show_progress
from qtctl.cli.selecting import Selected, selects_hosts_to_change
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from qtctl.flows.declared import Declared
    from qtctl.model.plan import Choices, Plan

OUT_HELP = "Save the plan, or the plans of several hosts, as JSON, for `qtctl deploy --plan FILE`."


@dataclass(frozen=True, slots=True)
class Shown:
    """How a plan is shown, and where it is written down."""

    format: str | None
    verbose: bool
    out: Path | None = None


@selects_hosts_to_change
def plan(
    hosts: Selected,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    take_over: TakeOverOption = False,
    prune: PruneOption = False,
    cut_over: CutOverOption = False,
    batch: BatchOption = None,
    verbose: VerboseOption = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help=OUT_HELP)] = None,
    format_: DeclaredFormatOption = None,
) -> None:
    """Show what a deploy would change on a host, why, and what goes with it. Nothing is changed.

    It logs in as a deploy would, takes no lock, and refuses what a deploy would refuse. Plans of several hosts
    that read the same are shown once.
    """
    from qtctl.api.registry import declare
    from qtctl.model.plan import Choices

    choices = Choices(take_over, prune, cut_over=cut_over)
    if not hosts.alone:
        from qtctl.cli.rollout import FleetDeploy, RolloutOptions, show_plans

        given = FleetDeploy(hosts.names, locate_registry(registry), user, templates, choices, format_, verbose)
        raise typer.Exit(show_plans(given, RolloutOptions(batch), out))
    declared = declare(locate_registry(registry), hosts.names[0], templates=templates, as_name=as_name)
    raise typer.Exit(show_plan(declared, hosts.names[0], user, choices, Shown(format_, verbose, out)))


def show_plan(declared: "Declared", target: str, user: str | None, choices: "Choices", shown: Shown) -> Exit:
    """Ask the host, and show its plan. What is in the way goes to stderr too."""
    from secrets import token_hex

    from qtctl.adapters.saved_file import check_saved, save
    from qtctl.api import plan as api
    from qtctl.cli.output import make_safe
    from qtctl.reports.plan import to_json
    from qtctl.reports.plan_view import build_view

    if shown.out is not None:
        check_saved(shown.out)
    with show_progress() as say:
        say(begun(target, Stage.CONNECT))
        planned = api.plan(declared, target, user=user, choices=choices)
    code = choose_plan_exit(planned)
    report = api.report(declared, target, planned, choices, nonce=token_hex(16), exit_code=code)
    if shown.out is not None:
        save(shown.out, make_safe(to_json(report)).encode())
    host = declared.desired.host
    name = target if target == host else f"{target}, which stands in for {host}"
    if not planned.refusals or shown.format not in (None, "table"):
        present(build_view(report, planned, name, verbose=shown.verbose), shown.format)
    complain_of(_list_obstacles(planned))
    return code


def _list_obstacles(planned: "Plan") -> tuple[str, ...]:
    from qtctl.reports.deploy_text import describe_refusals

    if not planned.refusals:
        return ()
    lines = describe_refusals(planned.refusals, planned.host)
    head = f"{planned.host}: a deploy would be refused"
    return (f"{head}: {lines[0]}",) if len(lines) == 1 else (head, *lines)


EXAMPLES = (
    "qtctl plan --host lab1",
    "qtctl plan --host web-1 --prune",
    "qtctl plan --host web-1 --out web-1.plan",
    "qtctl plan --tag web --out web.plans",
)
COMMAND = Command("plan", 118, Panel.CHANGE, plan, {"": EXAMPLES})
