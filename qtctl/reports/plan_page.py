"""A plan for a ticket: what would be done, why, what else it affects, and what to know; diffs of unit files last."""

from collections.abc import Sequence

from qtctl.reports.blocks import (
    Blocks,
    Code,
    Paragraph,
    Section,
    Strong,
    Text,
    Title,
    join,
    make_list,
    make_table,
    show_diff,
)
from qtctl.reports.phrases import add_hint, format_count
from qtctl.reports.plan import PlanConclusion, PlanDrag, PlanNote, PlanRefusal, PlanReport, PlanStep

HEADLINES = {
    PlanConclusion.NOTHING: "Nothing to change",
    PlanConclusion.CHANGES: "To be changed",
    PlanConclusion.UNKNOWN: "Unknown: something could not be read",
    PlanConclusion.REFUSED: "A deploy would be refused",
}


def build_page(report: PlanReport) -> Blocks:
    origin = (f"Fleet {report.fleet}, at ", Code(report.address), f", qtctl {report.qtctl_version}.")
    return (
        Title(f"Plan for {report.host}"),
        Paragraph((Strong(f"{HEADLINES[report.conclusion]}."), _format_counts(report))),
        Paragraph(origin),
        *show_plan(report.refusals, report.steps, report.notes),
    )


def show_plan(refusals: Sequence[PlanRefusal], steps: Sequence[PlanStep], notes: Sequence[PlanNote]) -> Blocks:
    in_the_way = ((Code(each.subject), f": {add_hint(each.reason, each.hint)}") for each in refusals)
    return (
        Section("In the way", make_list(in_the_way)),
        Section("Steps", make_table(("step", "what", "why", "along with it"), map(_make_row, steps))),
        Section("Notes", make_list((Code(each.subject), f": {each.text}") for each in notes)),
        *(show_diff(step.subject, step.diff, marked=False) for step in steps if step.diff),
    )


def _format_counts(report: PlanReport) -> str:
    return f" {format_count(len(report.steps), 'step')}." if report.steps else ""


def _make_row(step: PlanStep) -> tuple[Text, ...]:
    return (step.kind.value, Code(step.subject), step.why, join(map(_format_drag, step.drags)))


def _format_drag(each: PlanDrag) -> Text:
    return (f"{each.effect.value} ", Code(each.unit), f" ({each.by})")
