"""What changed, for every format: lost against gained, each change, and the timeline."""

from collections.abc import Iterator, Sequence
from functools import partial

from qtctl.model.evolution import Balance, Change, FieldChange, How, Point
from qtctl.model.snapshot import RowKind, Scalar
from qtctl.reports.blocks import (
    BREAK,
    Blocks,
    Code,
    Column,
    Paragraph,
    Part,
    Section,
    Strong,
    Table,
    Text,
    Title,
    join,
    make_table,
)
from qtctl.reports.evolution import EvolutionReport, EvolutionStep, to_json
from qtctl.reports.phrases import NONE, format_count
from qtctl.reports.pictures import make_trend
from qtctl.reports.view import View

TWO = 2
FIELDS_SHOWN, LONGEST = 6, 60
"""Of one change. JSON has all of them in full."""
TITLES = {
    How.REMOVED: "Lost",
    How.ADDED: "Gained",
    How.MOVED: "Moved",
    How.RENAMED: "Renamed",
    How.CHANGED: "Changed",
    How.UNKNOWN: "Could not be looked for",
}
NOT_A_CHANGE = frozenset({RowKind.FILE})
"""kinds whose changes are counted on a page, and named only in a comparison of two."""


def build_view(report: EvolutionReport) -> View:
    about = " to ".join(dict.fromkeys(each.host or each.source for each in (report.points[0], report.points[-1])))
    return View(name="evolution", about=about, json=partial(to_json, report), page=partial(build_page, report))


def build_page(report: EvolutionReport) -> Blocks:
    first, last = report.points[0], report.points[-1]
    two = len(report.points) == TWO
    return (
        Title(f"Evolution from {first.label} to {last.label}"),
        Paragraph((Strong(_write_headline(report)), *_describe_span(report))),
        *_show_silent(report.not_compared),
        Section("What was there, what is there", (_make_balances(report.balances),)),
        *(_show_changes(how, report, all_kinds=two) for how in TITLES),
        *(() if two else (_show_timeline(report), _show_steps(report.steps))),
    )


def _write_headline(report: EvolutionReport) -> str:
    counted_ = {how: sum(each.how is how for each in report.changes) for how in TITLES}
    said = ", ".join(f"{number} {TITLES[how].lower()}" for how, number in counted_.items() if number)
    return f"{said[:1].upper()}{said[1:]}." if said else "Nothing changed."


def _describe_span(report: EvolutionReport) -> tuple[Part, ...]:
    hosts = ", ".join(dict.fromkeys(each.host for each in report.points if each.host))
    where = f", of {hosts}" if hosts else ""
    return (f" {format_count(len(report.points), 'look')}{where}.",)


def _show_silent(kinds: Sequence[RowKind]) -> Blocks:
    if not kinds:
        return ()
    said = ", ".join(_format_plural(kind) for kind in kinds)
    return (Paragraph(f"Not compared, as one of the two does not cover them: {said}."),)


def _make_balances(balances: Sequence[Balance]) -> Table:
    right = ("was", "now", "kept", "lost", "gained", "unknown")
    columns: tuple[str | Column, ...] = ("what", *(Column(name, right=True) for name in right))
    rows = tuple((_format_plural(each.kind), *(str(getattr(each, name)) for name in right)) for each in balances)
    return Table(columns, rows)


def _show_changes(how: How, report: EvolutionReport, *, all_kinds: bool) -> Section:
    found = [each for each in report.changes if each.how is how]
    shown = [each for each in found if all_kinds or each.kind not in NOT_A_CHANGE]
    left = len(found) - len(shown)
    more = (Paragraph(f"And {format_count(left, 'file')}; qtctl snapshot diff names them."),) if left else ()
    return Section(TITLES[how], (*make_table(("what", "name", "from → to"), map(_make_row, shown)), *more))


def _make_row(each: Change) -> tuple[Text, ...]:
    name: Text = Code(each.name)
    if each.how not in (How.ADDED, How.REMOVED) and each.before != each.name:
        name = (Code(each.before), " → ", Code(each.name))
    return each.kind.value, name, _format_fields(each)


def _format_fields(each: Change) -> Text:
    if each.how in (How.ADDED, How.REMOVED, How.UNKNOWN):
        added = each.how is How.ADDED
        said = (f"{one.field} {_format_value(one.after if added else one.before)}" for one in each.fields)
        return ", ".join(list(said)[:3]) or NONE
    shown = join(map(_format_field, each.fields[:FIELDS_SHOWN]))
    left = len(each.fields) - FIELDS_SHOWN
    return (*shown, BREAK, f"and {format_count(left, 'other')}") if left > 0 else shown or NONE


def _format_field(one: FieldChange) -> Text:
    return f"{one.field}: {_format_value(one.before)} → {_format_value(one.after)}"


def _format_value(value: Scalar) -> str:
    if value is None or value == "":
        return NONE
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    is_digest = len(text) == 64 and all(each in "0123456789abcdef" for each in text)  # noqa: PLR2004 - SHA-256
    text = text[:12] if is_digest else text
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _show_timeline(report: EvolutionReport) -> Section:
    kinds = [kind for kind in _TREND if any(kind in each.counts for each in report.points)]
    names = ("running", "failed", *map(_format_plural, kinds))
    columns: tuple[str | Column, ...] = ("when", *(Column(name, right=True) for name in names))
    rows = []
    for each in report.points:
        counts = (str(each.counts[kind]) if kind in each.counts else NONE for kind in kinds)
        up, down = each.count_services("running"), each.count_services("failed", "auto_restart")
        rows.append((each.label, *(NONE if number is None else str(number) for number in (up, down)), *counts))
    return Section("Timeline", (Table(columns, tuple(rows)), *_show_trends(report.points, kinds)))


def _show_trends(points: Sequence[Point], kinds: Sequence[RowKind]) -> Blocks:
    """Each number of the timeline as a small picture."""
    counted = {
        "running": [each.count_services("running") for each in points],
        "failed": [each.count_services("failed", "auto_restart") for each in points],
        **{_format_plural(kind): [each.counts.get(kind) for each in points] for kind in kinds},
    }
    rows = ((name, make_trend(values, _format_ends(values))) for name, values in counted.items() if any(values))
    return make_table(("what", "earliest to latest"), rows)


def _format_ends(values: Sequence[int | None]) -> str:
    return " → ".join(NONE if each is None else str(each) for each in (values[0], values[-1]))


_TREND = (RowKind.SERVICE, RowKind.PORT, RowKind.STREAM, RowKind.VENV, RowKind.FINDING)


def _show_steps(steps: Sequence[EvolutionStep]) -> Section:
    return Section("Step by step", make_table(("when", "services and ports", "all"), _make_step_rows(steps)))


def _make_step_rows(steps: Sequence[EvolutionStep]) -> Iterator[tuple[Text, ...]]:
    for each in steps:
        named = [change for change in each.changes if change.kind in (RowKind.SERVICE, RowKind.PORT)]
        said = [f"{_SIGNS[change.how]}{change.name}" for change in named if change.how in _SIGNS]
        if not each.changes:
            continue
        yield each.after, ", ".join(said) or NONE, format_count(len(each.changes), "change")


_SIGNS = {How.ADDED: "+", How.REMOVED: "-", How.MOVED: "~", How.RENAMED: "="}


def _format_plural(kind: RowKind) -> str:
    return f"{kind.value}s"
