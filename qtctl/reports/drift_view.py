"""What an operator changed on a host, for every format."""

from functools import partial

from qtctl.model.drift import DriftFate
from qtctl.reports.blocks import (
    BREAK,
    Blocks,
    Bullets,
    Code,
    Paragraph,
    Part,
    Section,
    Text,
    Title,
    make_table,
    show_diff,
)
from qtctl.reports.drift import DriftReport, DriftRow, to_json
from qtctl.reports.phrases import format_count
from qtctl.reports.view import View


def build_view(report: DriftReport) -> View:
    return View(name="drift", about=report.address, json=partial(to_json, report), page=partial(build_page, report))


def build_page(report: DriftReport) -> Blocks:
    adopted = tuple(row for row in report.drifts if row.fate in (DriftFate.ADOPTED, DriftFate.DECLARED))
    others = tuple(row for row in report.drifts if row not in adopted)
    return (
        Title(f"Changes made by hand on {report.host}"),
        Paragraph(_summarize(report)),
        Section(
            "Adopted", make_table(("unit", "what", "on the host", "in the registry"), map(_make_adopted_row, adopted))
        ),
        Section("Not adopted", make_table(("unit", "what", "on the host", "why"), map(_make_left_row, others))),
        *(show_diff(each.path, each.diff) for each in report.files),
        *((Section("Not read", (Bullets(report.unread),)),) if report.unread else ()),
    )


def _summarize(report: DriftReport) -> str:
    since = "" if report.generation is None else f" since generation {report.generation}"
    if report.generation is None:
        since = "; the host keeps no generation, so only drop-ins count as changes"
    if not report.drifts:
        return f"Nothing was changed{since}."
    if not report.files:
        return f"{format_count(len(report.drifts), 'change')}{since}; the registry stays as it is."
    done = "were written" if report.written else "would be written; --write does it"
    changes, files = format_count(len(report.drifts), "change"), format_count(len(report.files), "file")
    return f"{changes}{since}; {files} of the registry {done}."


def _make_adopted_row(row: DriftRow) -> tuple[Text, ...]:
    return row.unit, Code(row.what), _stack_names(row.where), _stack_names(row.keys) if row.keys else "says it already"


def _make_left_row(row: DriftRow) -> tuple[Text, ...]:
    return row.unit, Code(row.what), _stack_names(row.where), f"{row.fate}: {row.why}"


def _stack_names(names: tuple[str, ...]) -> Text:
    found: list[Part] = []
    for name in names:
        found += [Code(name)] if not found else [BREAK, Code(name)]
    return tuple(found)
