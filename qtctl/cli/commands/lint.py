"""qtctl lint: is the registry consistent, and do hosts read what is rendered from it as intended."""

from collections.abc import Mapping
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
    from qtctl.adapters.files import read_registry
    from qtctl.adapters.templates import load_unit_templates
    from qtctl.flows.lint import examine, list_declared
    from qtctl.reports.lint import Report

    folder = locate_registry(registry)
    files, texts = read_registry(folder), load_unit_templates(templates)
    fixed: tuple[tuple[str, str], ...] = ()
    if fix:
        files, fixed = _write_fixes(folder, files, texts)
    linted = examine(files, texts)
    declared = list_declared(linted.registry) if linted.registry is not None else None
    gate = linted.gate if declared is not None else None
    report = Report(str(folder), linted.errors, linted.findings, declared, gate, fixed, verbose=verbose)
    _show(report, format_, templates)
    if linted.errors:
        raise InputErrors(linted.errors)
    raise typer.Exit(choose_exit(linted.conclusion))


def _write_fixes(
    folder: Path, files: dict[str, bytes], templates: Mapping[str, str]
) -> tuple[dict[str, bytes], tuple[tuple[str, str], ...]]:
    """Write what was fixed, each file completely or not at all, with the mode it had."""
    from qtctl.adapters.files import rewrite
    from qtctl.flows.fix_registry import fix_registry

    now, fixed = fix_registry(files, templates)
    rewrite(folder, {name: content for name, content in now.items() if content != files[name]})
    return now, tuple((str(each.place), f"{each.id} {each.fix.says}") for each in fixed)


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
