"""The generations of a host, for every format."""

from functools import partial

from qtctl.model.generation import FOUND
from qtctl.reports.blocks import BREAK, Blocks, Column, Paragraph, Table, Text, Title
from qtctl.reports.generations import GenerationRow, GenerationsReport, to_json
from qtctl.reports.phrases import format_count
from qtctl.reports.view import View

FEW = 3
"""How many of the things that a generation changed are named."""


def build_view(report: GenerationsReport) -> View:
    return View(
        name="generations", about=report.address, json=partial(to_json, report), page=partial(build_page, report)
    )


def build_page(report: GenerationsReport) -> Blocks:
    columns = (Column("number", right=True), "when", "by", "how it ended", "what it changed")
    if not report.generations:
        return (Title(f"Generations of {report.host}"), Paragraph("None: qtctl has not deployed to it."))
    return (Title(f"Generations of {report.host}"), Table(columns, tuple(map(_make_row, report.generations))))


def _make_row(row: GenerationRow) -> tuple[Text, ...]:
    names = tuple(dict.fromkeys(each.rpartition("/")[2] for each in row.changed))
    more = (BREAK, f"and {format_count(len(names) - FEW, 'other')}") if len(names) > FEW else ()
    shown = ", ".join(names[:FEW]) if row.outcome != FOUND else "nothing: what was there before"
    return (str(row.number), row.at or "unknown", row.by, _describe_end(row), (shown, *more))


def _describe_end(row: GenerationRow) -> str:
    if row.current:
        return "current"
    return "rolled back" if row.outcome == "restored" else row.outcome
