"""qtctl deploy: make a host what the registry declares."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.commands.plan import Shown, show_plan
from qtctl.cli.exits import Exit, exit_of_deploy
from qtctl.cli.interrupt import raise_on_interrupt
from qtctl.cli.options import (
    AsOption,
    DeployFormatOption,
    HostOption,
    PruneOption,
    RegistryOption,
    TakeOverOption,
    TemplatesOption,
    UserOption,
    VerboseOption,
    YesOption,
    registry_folder,
)
from qtctl.cli.output import ask_operator, complain, complain_of, present, progress, show, tell, withhold
from qtctl.errors import InputError
from qtctl.formats.catalogue import Content, list_offered
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtctl.cli.output import ProgressLine
    from qtctl.flows.declared import Declared
    from qtctl.model.plan import Choices, Plan
    from qtctl.plan.outcome import DeployOutcome


PLAN_HELP = "Carry out this plan of qtctl plan --out, or refuse where it is no longer what the host needs."


def deploy(
    host: HostOption,
    registry: RegistryOption = None,
    as_name: AsOption = None,
    user: UserOption = None,
    templates: TemplatesOption = None,
    yes: YesOption = False,
    take_over: TakeOverOption = False,
    prune: PruneOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", metavar="", help="Show the plan alone, as qtctl plan.")] = False,
    planned: Annotated[Path | None, typer.Option("--plan", metavar="FILE", help=PLAN_HELP)] = None,
    verbose: VerboseOption = False,
    deadline: Annotated[
        int, typer.Option("--deadline", metavar="SECONDS", min=1, help="How long it may take, once you said yes.")
    ] = 120,
    steady: Annotated[
        float | None,
        typer.Option(
            "--steady",
            metavar="SECONDS",
            min=0,
            help="How long every service must have been up. Default: deploy.watch.steady of policy.toml, or 10.",
        ),
    ] = None,
    format_: DeployFormatOption = "table",
) -> None:
    """Show what would change on a host, ask, change it, and return when it runs as declared."""
    from qtctl.api.deploy import deploy as run
    from qtctl.api.registry import declare
    from qtctl.engines.connect import passwords
    from qtctl.model.plan import Choices

    declared = declare(registry_folder(registry), host, templates=templates, as_name=as_name)
    choices = Choices(take_over, prune)
    if dry_run and format_ not in list_offered(Content.DECLARED):
        raise InputError(f"--dry-run has no format {format_}", hint="table, json or md: nothing is judged here")
    if planned is not None:
        choices = _read_choices(planned, declared, choices)
    if dry_run:
        raise typer.Exit(show_plan(declared, host, user, choices, Shown(format_, verbose)))
    secrets = passwords(declared.desired)
    withhold(*secrets.values())
    raise_on_interrupt()
    told = _Told(host, declared, format_, registry_folder(registry), templates)
    with progress() as say:
        say(begun(host, Stage.CONNECT))
        outcome = run(
            declared,
            host,
            confirm=_confirm(told, say, yes=yes, verbose=verbose),
            user=user,
            choices=choices,
            progress=say,
            deadline_s=deadline,
            passwords=secrets,
            steady_s=declared.registry.policy.deploy.watch.steady_s if steady is None else steady,
        )
    raise typer.Exit(told.end(outcome))


@dataclass(frozen=True, slots=True)
class _Told:
    """How one deploy is shown: of `target`, which is, or stands in for, the host of `declared`."""

    target: str
    declared: "Declared"
    format_: str
    registry: "Path"
    templates: "Path | None"

    @property
    def name(self) -> str:
        host = self.declared.desired.host
        return self.target if self.target == host else f"{self.target}, which stands in for {host}"

    def plan(self, plan: "Plan", *, verbose: bool) -> None:
        """Before anybody is asked; a document has the plan in it, and comes at the end."""
        if self.format_ != "table":
            return
        from qtctl.reports.plan_screen import screen

        show(screen(plan, self.name, verbose=verbose))

    def end(self, outcome: "DeployOutcome") -> Exit:
        """The outcome on stdout; on stderr, in every format, why it did not come to its end."""
        from qtctl.reports.deploy_text import ended, problems

        code = exit_of_deploy(outcome)
        if self.format_ == "table":
            for line in ended(outcome, self.target):
                tell(line)
        else:
            self._document(outcome, code)
        if code is Exit.INTERRUPTED:
            complain("interrupted")
        else:
            complain_of(problems(outcome))
        return code

    def _document(self, outcome: "DeployOutcome", code: Exit) -> None:
        from qtctl.flows.audit import placed
        from qtctl.reports.deploy import build
        from qtctl.reports.deploy_view import view
        from qtctl.reports.view import beneath

        outstanding = tuple(placed(self.declared, each) for each in outcome.outstanding)
        fleet = self.declared.desired.fleet
        report = build(replace(outcome, outstanding=outstanding), fleet=fleet, address=self.target, exit_code=code)
        locate = beneath(self.registry, self.templates)
        present(view(report, outstanding, locate, self.declared.host_place), self.format_)


def _read_choices(file: "Path", declared: "Declared", given: "Choices") -> "Choices":
    """What the plan in `file` was made with. InputError where an option says it too."""
    from qtctl.api.plan import read

    if given.take_over or given.prune:
        raise InputError(
            "--plan has its own --take-over and --prune", hint="give them to qtctl plan, and --plan alone here"
        )
    return read(file, declared)


def _confirm(told: _Told, say: "ProgressLine", *, yes: bool, verbose: bool) -> "Callable[[Plan], bool]":
    def confirm(plan: "Plan") -> bool:
        say.clear()
        told.plan(plan, verbose=verbose)
        if yes:
            return True
        if told.format_ != "table":
            return False
        if not sys.stdin.isatty():
            raise InputError("not asked, so nothing was changed", hint="answer on a terminal, or give --yes")
        try:
            return ask_operator(f"Change {told.name}?")
        except typer.Abort:
            raise KeyboardInterrupt from None

    return confirm


EXAMPLES = (
    "qtctl deploy --host lab1",
    "qtctl deploy --host web-1 --yes",
    "qtctl deploy --host web-1 --plan web-1.plan",
    "qtctl deploy --host web-1 --verbose",
)
COMMAND = Command("deploy", 120, Panel.CHANGE, deploy, {"": EXAMPLES})
