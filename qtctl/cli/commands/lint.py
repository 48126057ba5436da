"""qtctl lint: is the registry consistent, and do hosts read what is rendered from it as intended."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.command import Command, Panel
from qtctl.cli.exits import choose_exit
from qtctl.cli.options import FormatOption, RegistryOption, TemplatesOption, locate_registry
from qtctl.cli.output import present
from qtctl.errors import InputErrors

if TYPE_CHECKING:
    from qtctl.reports.lint import Report


VerboseOption = Annotated[
    bool, typer.Option("--verbose", metavar="", help="Show every place of a finding that occurs in many places.")
]
FixOption = Annotated[bool, typer.Option("--fix", metavar="", help="Apply fixes that are certain, in place.")]


def lint(
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    format_: FormatOption = None,
    fix: FixOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check the registry and everything rendered from it, offline, and count what it declares.

    Everything is shown at once: errors that keep the registry from being loaded, and findings in the rest of it, each
    with file, line and remedy. A finding that occurs in many places is one line with a count; `qtctl explain ID` tells
    more. `fail_on` in policy.toml sets the lowest severity at which the exit code is 1.
    """
    from qtctl.api import lint as api
    from qtctl.flows.lint import list_declared
    from qtctl.reports.lint import Report

    folder = locate_registry(registry)
    made = api.fix(folder, templates=templates) if fix else ()
    fixed = tuple((str(each.place), f"{each.id} {each.fix.says}") for each in made)
    linted = api.lint(folder, templates=templates)
    declared = list_declared(linted.registry) if linted.registry is not None else None
    gate = linted.gate if declared is not None else None
    report = Report(str(folder), linted.errors, linted.findings, declared, gate, fixed, verbose=verbose)
    _show(report, format_, templates)
    if linted.errors:
        raise InputErrors(linted.errors)
    raise typer.Exit(choose_exit(linted.conclusion))


def _show(report: "Report", format_: str | None, templates: Path | None) -> None:
    from qtctl.reports.lint_view import build_view
    from qtctl.reports.view import name_under

    present(build_view(report, name_under(Path(report.registry), templates)), format_)


EXAMPLES = (
    "qtctl lint",
    "qtctl lint --fix",
    "qtctl lint --format sarif > lint.sarif",
)
COMMAND = Command("lint", 40, Panel.DECLARE, lint, {"": EXAMPLES})
