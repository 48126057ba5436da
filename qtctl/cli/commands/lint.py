"""qtctl lint: does the registry hold together, and do hosts read what is rendered from it as it is meant."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.exits import of_conclusion
from qtctl.cli.options import FormatOption, RegistryOption, TemplatesOption, registry_folder
from qtctl.cli.output import present
from qtctl.errors import InputError, InputErrors

if TYPE_CHECKING:
    from qtctl.reports.lint import Report


FixOption = Annotated[bool, typer.Option("--fix", metavar="", help="Fix what can be fixed for certain, in place.")]


def lint(
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    format_: FormatOption = None,
    fix: FixOption = False,
) -> None:
    """Check the registry and all that is rendered from it, offline, and count what it declares.

    Everything is shown at once, each finding with file, line and remedy; `qtctl explain ID` tells more.
    """
    from qtctl.adapters.files import read_registry
    from qtctl.adapters.templates import unit_templates
    from qtctl.flows.lint import counts
    from qtctl.flows.lint import lint as check
    from qtctl.reports.lint import Report

    folder = registry_folder(registry)
    files, texts = read_registry(folder), unit_templates(templates)
    fixed: tuple[tuple[str, str], ...] = ()
    if fix:
        files, fixed = _fixed(folder, files, texts)
    try:
        linted = check(files, texts)
    except InputError as error:
        errors = error.errors if isinstance(error, InputErrors) else (error,)
        _show(Report(str(folder), errors, (), None, None, fixed), format_, templates)
        raise
    _show(Report(str(folder), (), linted.findings, counts(linted.registry), linted.gate, fixed), format_, templates)
    raise typer.Exit(of_conclusion(linted.conclusion))


def _fixed(
    folder: Path, files: dict[str, bytes], templates: Mapping[str, str]
) -> tuple[dict[str, bytes], tuple[tuple[str, str], ...]]:
    """Write what was fixed, each file whole or not at all, with the mode it had."""
    from qtctl.adapters.files import rewrite
    from qtctl.flows.fix_registry import fix_registry

    now, fixed = fix_registry(files, templates)
    rewrite(folder, {name: content for name, content in now.items() if content != files[name]})
    return now, tuple((str(each.place), f"{each.id} {each.fix.says}") for each in fixed)


def _show(report: "Report", format_: str | None, templates: Path | None) -> None:
    from qtctl.reports.lint_view import view
    from qtctl.reports.view import beneath

    present(view(report, beneath(Path(report.registry), templates)), format_)
