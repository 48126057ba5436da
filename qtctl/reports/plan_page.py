"""A plan for a ticket: what would be done, why, what goes with it, and what to know; diffs of unit files last."""

from qtctl.dialects.lines import lines
from qtctl.reports.blocks import Blocks, Code, Paragraph, Section, Strong, Text, Title, Verbatim, bullets, joined, table
from qtctl.reports.phrases import counted
from qtctl.reports.plan import PlanConclusion, PlanDrag, PlanReport, PlanStep

HEADLINES = {
    PlanConclusion.NOTHING: "Nothing to change",
    PlanConclusion.CHANGES: "To be changed",
    PlanConclusion.UNKNOWN: "Unknown: something could not be read",
    PlanConclusion.REFUSED: "A deploy would be refused",
}


def build_page(report: PlanReport) -> Blocks:
    origin = (f"Fleet {report.fleet}, at ", Code(report.address), f", qtctl {report.qtctl_version}.")
    in_the_way = ((Code(each.subject), f": {_hinted(each.reason, each.hint)}") for each in report.refusals)
    return (
        Title(f"Plan for {report.host}"),
        Paragraph((Strong(f"{HEADLINES[report.conclusion]}."), _counted(report))),
        Paragraph(origin),
        Section("In the way", bullets(in_the_way)),
        Section("Steps", table(("step", "what", "why", "along with it"), map(_row, report.steps))),
        Section("To know", bullets((Code(each.subject), f": {each.text}") for each in report.notes)),
        *(_diff(step) for step in report.steps if step.diff),
    )


def _counted(report: PlanReport) -> str:
    return f" {counted(len(report.steps), 'step')}." if report.steps else ""


def _row(step: PlanStep) -> tuple[Text, ...]:
    return (step.kind.value, Code(step.subject), step.why, joined(map(_drag, step.drags)))


def _drag(each: PlanDrag) -> Text:
    return (f"{each.effect.value} ", Code(each.unit), f" ({each.by})")


def _hinted(what: str, hint: str) -> str:
    return f"{what} ({hint})" if hint else what


def _diff(step: PlanStep) -> Section:
    return Section(("Difference in ", Code(step.subject)), (Verbatim(tuple(lines(step.diff or ""))),))
