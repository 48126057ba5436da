"""qtctl verify: systemd's own tools judge the generated units, on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from qtctl.cli.exits import of_conclusion
from qtctl.cli.interrupt import cleanly
from qtctl.cli.options import AsOption, FormatOption, RegistryOption, TemplatesOption, registry_folder
from qtctl.cli.output import BREAK, Styled, cell, draw, present, table, tell

if TYPE_CHECKING:
    from qtctl.cli.tables import Rows
    from qtctl.report.verify import ExposureRow, VerifyReport

COLOURS = {"holds": "green", "broken": "red", "unknown": "magenta"}


def verify(
    registry: RegistryOption = None,
    templates: TemplatesOption = None,
    as_name: AsOption = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", metavar="N", min=0, max=10, help="A service exposed above N (0 to 10) is a finding."
        ),
    ] = None,
    format_: FormatOption = None,
) -> None:
    """Have systemd judge every generated unit, calendar and sandbox of a host, here; no systemd need run."""
    from qtctl.adapters.analyze import LocalAnalyze
    from qtctl.api.registry import declare
    from qtctl.flows.verify import verify as judge
    from qtctl.report.verify import build, to_json
    from qtctl.report.verify_markdown import to_markdown

    cleanly()
    declared = declare(registry_folder(registry), templates=templates, as_name=as_name)
    report = build(judge(declared, LocalAnalyze(), threshold))
    present(format_, lambda: to_json(report), lambda: to_markdown(report), lambda: _show(report))
    raise typer.Exit(of_conclusion(report.conclusion))


def _show(report: "VerifyReport") -> None:
    from qtctl.report.verify_markdown import VERDICTS, headline, unknowns

    if report.exposures:
        draw(_exposures(report.exposures))
    if any(row.outcome.value != "holds" for row in report.calendars):
        draw(_calendars(report))
    if report.messages:
        draw(_messages(report))
    for name, asked in unknowns(report):
        tell(Styled("unknown", "magenta"), f": {name}: {asked.reason}")
    verdict = Styled(VERDICTS[report.outcome], COLOURS[report.outcome.value])
    tell(f"{report.host}: ", verdict, f" · {headline(report)}")


def _exposures(rows: "tuple[ExposureRow, ...]") -> "Rows":
    shown = table("unit", "exposure", "rating", "open", "worst of it", title="How exposed each service is")
    for row in rows:
        weight = "unknown" if row.exposure is None else f"{row.exposure:.1f}"
        worst = ", ".join(f"{item.name} {item.exposure:.1f}" for item in row.worst[:3])
        weighed = cell(Styled(weight, COLOURS[row.outcome.value]))
        shown.row(row.unit, weighed, row.rating, str(row.open_items), worst)
    return shown


def _calendars(report: "VerifyReport") -> "Rows":
    shown = table("timer", "expression", "what is wrong", "declared", title="Calendars")
    for row in report.calendars:
        if row.outcome.value != "holds":
            shown.row(row.timer, row.expression, row.what, row.declared)
    return shown


def _messages(report: "VerifyReport") -> "Rows":
    shown = table("unit", "line", "what systemd says", "declared", title="Messages of systemd-analyze verify")
    for row in report.messages:
        what = cell(row.what, BREAK, Styled(row.text, "dim")) if row.text else cell(row.what)
        shown.row(row.unit, str(row.line or ""), what, row.declared)
    return shown
