"""How a command that deploys shows its plan, asks, and tells how it ended."""

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from qtctl.cli.exits import Exit, choose_deploy_exit
from qtctl.cli.output import ask_operator, complain, complain_of, present, show, tell
from qtctl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qtctl.cli.output import ProgressLine
    from qtctl.flows.declared import Declared
    from qtctl.model.plan import Choices, Plan
    from qtctl.plan.outcome import DeployOutcome


@dataclass(frozen=True, slots=True)
class DeployOutput:
    """How one deploy is shown: of `target`, which is, or stands in for, the host of `declared`."""

    target: str
    declared: "Declared"
    format_: str
    registry: "Path"
    templates: "Path | None"
    state: str = "as declared"

    @property
    def name(self) -> str:
        host = self.declared.desired.host
        return self.target if self.target == host else f"{self.target}, which stands in for {host}"

    def plan(self, plan: "Plan", *, verbose: bool) -> None:
        """Before anybody is asked; in a document the plan comes with the outcome."""
        if self.format_ != "table":
            return
        from qtctl.reports.plan_screen import build_screen

        show(build_screen(plan, self.name, verbose=verbose))

    def end(self, outcome: "DeployOutcome") -> Exit:
        """The outcome on stdout; on stderr, in every format, why it did not finish."""
        from qtctl.plan.outcome import DeployStatus
        from qtctl.reports.deploy_text import describe_end, describe_problems

        code = choose_deploy_exit(outcome)
        if self.format_ == "table":
            for line in describe_end(outcome, self.target, self.state):
                tell(line)
        else:
            self._print_document(outcome, code)
        for warning in outcome.warnings:
            complain(f"warning: {warning}")
        if outcome.status is DeployStatus.INTERRUPTED:
            complain("interrupted")
        else:
            complain_of(describe_problems(outcome))
        return code

    def _print_document(self, outcome: "DeployOutcome", code: Exit) -> None:
        from qtctl.flows.audit import add_place
        from qtctl.reports.deploy import build_report
        from qtctl.reports.deploy_view import build_view
        from qtctl.reports.view import name_under

        outstanding = tuple(add_place(self.declared, each) for each in outcome.outstanding)
        fleet = self.declared.desired.fleet
        report = build_report(
            replace(outcome, outstanding=outstanding), fleet=fleet, address=self.target, exit_code=code
        )
        locate = name_under(self.registry, self.templates)
        present(build_view(report, outstanding, locate, self.declared.host_place), self.format_)


def make_confirmation(told: DeployOutput, say: "ProgressLine", *, yes: bool, verbose: bool) -> "Callable[[Plan], bool]":
    """Shows the plan, and asks on a terminal unless `yes`. InputError if nobody can be asked."""

    def confirm(plan: "Plan") -> bool:
        say.clear()
        told.plan(plan, verbose=verbose)
        return ask_before_change(f"Change {told.name}?", told.format_, yes=yes)

    return confirm


def ask_before_change(question: str, format_: str | None, *, yes: bool) -> bool:
    """Whether the operator agrees; a document is for nobody who could. InputError if nobody can be asked."""
    if yes:
        return True
    if format_ != "table":
        return False
    if not sys.stdin.isatty():
        raise InputError("not confirmed, so nothing was changed", hint="answer at a terminal, or give --yes")
    try:
        return ask_operator(question)
    except typer.Abort:
        raise KeyboardInterrupt from None


def check_plan_choices(given: "Choices") -> None:
    """InputError if the command line has choices, though a saved plan has its own."""
    if given.take_over or given.prune or given.cut_over:
        raise InputError(
            "--plan has its own --take-over, --prune and --cut-over",
            hint="give them to qtctl plan, and --plan alone here",
        )
