"""Where a number comes from, for every format."""

from collections.abc import Iterator
from functools import partial

from qtctl.reports.blocks import (
    BREAK,
    Block,
    Blocks,
    Code,
    Column,
    Paragraph,
    Section,
    Strong,
    Text,
    Title,
    join,
    make_table,
)
from qtctl.reports.numbers.rules import How
from qtctl.reports.phrases import NONE, format_count
from qtctl.reports.view import View
from qtctl.reports.why import WhyItem, WhyQuestion, WhyReport, to_json

HOWS = {
    How.COUNTED: "It is counted: one for each item.",
    How.ADDED: "It is added up from the items.",
    How.COMPUTED: "It is computed from the items.",
    How.SEEN: "It was read from an answer.",
    How.DECLARED: "It is declared.",
    How.SAID: "qtctl itself says it.",
}


def build_view(report: WhyReport) -> View:
    return View(name="why", about=report.about, json=partial(to_json, report), page=partial(build_page, report))


def build_page(report: WhyReport) -> Blocks:
    return (
        Title((Code(report.pointer), f" is {report.number}")),
        Paragraph(_write_origin(report)),
        *_show_mismatch(report),
        Section("Items", tuple(_show_items(report))),
    )


def _write_origin(report: WhyReport) -> Text:
    of = f" of {report.about}" if report.about else ""
    at = f", evidence of {report.at}" if report.at else ""
    how = "One row stands for all: nothing is known of the host." if report.stands_for_all else HOWS[report.how]
    return (Strong(f"{report.what[:1].upper()}{report.what[1:]}."), f" {how} The report: {report.document}{of}{at}.")


def _show_mismatch(report: WhyReport) -> Iterator[Block]:
    if not report.adds_up:
        said = f"The items come to {report.total}, not to {report.number}: the report was changed, or is damaged."
        yield Paragraph(Strong(said))


def _show_items(report: WhyReport) -> Iterator[Block]:
    if not report.items:
        yield Paragraph("None.")
        return
    yield Paragraph(f"{format_count(len(report.items), 'item')}.")
    plain = report.how is How.COUNTED and not report.stands_for_all
    asked = any(each.asked for each in report.items)
    heads: list[str | Column] = ["item", *([] if plain else [Column("number", right=True)]), "at"]
    heads += ["asked, and answered"] * asked
    yield from make_table(heads, (_make_cells(each, plain=plain, asked=asked) for each in report.items))


def _make_cells(item: WhyItem, *, plain: bool, asked: bool) -> tuple[Text, ...]:
    numbers: tuple[Text, ...] = () if plain else (str(item.number),)
    questions: tuple[Text, ...] = (join(map(_show_question, item.asked), BREAK) or NONE,) if asked else ()
    return (Code(item.label), *numbers, Code(item.pointer), *questions)


def _show_question(question: WhyQuestion) -> tuple[Code | str, ...]:
    answer = (" → ", Code(question.line)) if question.line else ()
    return (Code(question.again), *answer, f" ({question.at})" if question.at else "")
