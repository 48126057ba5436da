"""qtctl lint: does the registry hold together, and do hosts read what is rendered from it as it is meant."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.exits import of_conclusion
from qtctl.cli.options import RegistryOption, TemplatesOption, registry_folder
from qtctl.cli.output import chosen, draw, table, tell, write
from qtctl.errors import InputError, InputErrors

if TYPE_CHECKING:
    from qtctl.report.lint import Report


class LintFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    MD = "md"
    SARIF = "sarif"


LintFormatOption = Annotated[
    LintFormat | None,
    typer.Option("--format", help="Default: table on a terminal, Markdown elsewhere. SARIF is for code scanning."),
]
FixOption = Annotated[bool, typer.Option("--fix", metavar="", help="Fix what can be fixed for certain, in place.")]


def lint(
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    format_: LintFormatOption = None,
    fix: FixOption = False,
) -> None:
    """Check the registry and all that is rendered from it, offline, and count what it declares.

    Everything is shown at once, each finding with file, line and remedy; `qtctl explain ID` tells more.
    """
    from qtctl.adapters.files import read_registry
    from qtctl.adapters.templates import unit_templates
    from qtctl.flows.lint import counts
    from qtctl.flows.lint import lint as check
    from qtctl.report.lint import Report

    folder = registry_folder(registry)
    how = _chosen(format_)
    files, texts = read_registry(folder), unit_templates(templates)
    fixed: tuple[tuple[str, str], ...] = ()
    if fix:
        files, fixed = _mended(folder, files, texts)
    try:
        linted = check(files, texts)
    except InputError as error:
        errors = error.errors if isinstance(error, InputErrors) else (error,)
        _show(Report(str(folder), errors, (), None, None, fixed), how, templates)
        raise
    _show(Report(str(folder), (), linted.findings, counts(linted.registry), linted.gate, fixed), how, templates)
    raise typer.Exit(of_conclusion(linted.conclusion))


def _chosen(format_: LintFormat | None) -> LintFormat:
    return format_ or LintFormat(chosen(None).value)


def _mended(
    folder: Path, files: dict[str, bytes], templates: Mapping[str, str]
) -> tuple[dict[str, bytes], tuple[tuple[str, str], ...]]:
    """Write what was mended, each file whole or not at all, with the mode it had."""
    from qtctl.adapters.files import rewrite
    from qtctl.flows.mend import mend

    now, mended = mend(files, templates)
    rewrite(folder, {name: content for name, content in now.items() if content != files[name]})
    return now, tuple((str(each.place), f"{each.id} {each.fix.says}") for each in mended)


def _show(report: "Report", how: LintFormat, templates: Path | None) -> None:
    """Of errors a table or page has nothing to show: they are told on stderr."""
    if how is LintFormat.JSON:
        from qtctl.report.lint import to_json

        write(to_json(report))
    elif how is LintFormat.SARIF:
        write(_sarif(report, templates))
    elif report.counts is None:
        for place, what in report.fixed:
            tell(f"fixed {place}: {what}")
    elif how is LintFormat.MD:
        from qtctl.report.lint import to_markdown

        write(to_markdown(report))
    else:
        _tables(report)


def _sarif(report: "Report", templates: Path | None) -> str:
    from qtctl.report.lint import Explained, to_sarif
    from qtctl.rules.catalogue import meanings

    def locate(file: str) -> str:
        at = templates or Path("unit_templates")
        return ((at if file.endswith(".j2") else Path(report.registry)) / file).as_posix()

    known = {each.id: Explained(each.title, each.what, each.fix) for each in meanings() if each.id.startswith("QT1")}
    return to_sarif(report, known, locate)


def _tables(report: "Report") -> None:
    from qtctl.report.lint import verdict

    for place, what in report.fixed:
        tell(f"fixed {place}: {what}")
    if report.findings:
        found = table("where", "severity", "finding", "what", "remedy")
        found.columns[0].no_wrap = True
        for each in report.findings:
            found.row(str(each.place), each.severity.value, each.id, f"{each.subject}: {each.what}", each.remedy)
        draw(found)
    shown = table("declared", "count", title=f"Registry {report.registry}: {verdict(report)}")
    shown.columns[1].justify = "right"
    for what, number in (report.counts or {}).items():
        shown.row(what, str(number))
    draw(shown)
