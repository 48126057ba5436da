"""qtctl deploy: make a host what the registry declares."""

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import Exit, of_deploy
from qtctl.cli.interrupt import cleanly
from qtctl.cli.options import (
    AsOption,
    DeployFormatOption,
    HostOption,
    RegistryOption,
    TemplatesOption,
    UserOption,
    YesOption,
    registry_folder,
)
from qtctl.cli.output import complain, complain_of, confirmed, present, progress, tell, withhold
from qtctl.errors import InputError
from qtctl.model.events import Stage, begun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qtctl.cli.output import ProgressLine
    from qtctl.flows.declared import Declared
    from qtctl.model.plan import Plan
    from qtctl.plan.outcome import DeployOutcome


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
    format_: DeployFormatOption = "table",
) -> None:
    """Show what would change on a host, ask, change it, and return when it runs as declared."""
    from qtctl.api.deploy import deploy as run
    from qtctl.api.registry import declare
    from qtctl.engines.connect import passwords
    from qtctl.model.plan import Choices

    declared = declare(registry_folder(registry), host, templates=templates, as_name=as_name)
    secrets = passwords(declared.desired)
    withhold(*secrets.values())
    cleanly()
    told = _Told(host, declared, format_, registry_folder(registry), templates)
    with progress() as say:
        say(begun(host, Stage.CONNECT))
        outcome = run(
            declared,
            host,
            confirm=_confirm(told, say, yes=yes, verbose=verbose),
            user=user,
            choices=Choices(take_over),
            progress=say,
            deadline_s=deadline,
            passwords=secrets,
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
        from qtctl.cli.deploy_view import show_plan

        show_plan(plan, self.name, verbose=verbose)

    def end(self, outcome: "DeployOutcome") -> Exit:
        """The outcome on stdout; on stderr, in every format, why it did not come to its end."""
        from qtctl.reports.deploy_text import ended, problems

        code = of_deploy(outcome)
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
            return confirmed(f"Change {told.name}?")
        except typer.Abort:
            raise KeyboardInterrupt from None

    return confirm


EXAMPLES = (
    "qtctl deploy --host lab1",
    "qtctl deploy --host web-1 --yes",
    "qtctl deploy --host web-1 --verbose",
)
COMMAND = Command("deploy", 120, Panel.CHANGE, deploy, {"": EXAMPLES})
