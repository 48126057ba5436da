"""What `qtctl host prepare` does, for every format."""

from functools import partial

from qtctl.model.preparation import PrepareAction
from qtctl.reports.blocks import Blocks, Bullets, Code, Paragraph, Section, Title, make_table, show_diff
from qtctl.reports.phrases import format_count
from qtctl.reports.preparation import PreparationReport, PreparationStep, to_json
from qtctl.reports.view import View

ROOT = "An account that may stage a deploy may write units, and an account that may write units is as good as root."


def build_view(report: PreparationReport) -> View:
    return View(
        name="preparation", about=report.address, json=partial(to_json, report), page=partial(build_page, report)
    )


def build_page(report: PreparationReport) -> Blocks:
    rows = ((Code(step.subject), _describe_action(report, step), step.mode or "", step.why) for step in report.steps)
    return (
        Title(f"Preparation of {report.host}"),
        Paragraph(_write_summary(report)),
        *((Section("In the way", (Bullets(report.refusals),)),) if report.refusals else ()),
        Section("Files and accounts", make_table(("subject", "action", "mode", "why"), rows)),
        *(show_diff(step.subject, step.diff) for step in report.steps if step.diff),
        Paragraph(ROOT),
    )


def _write_summary(report: PreparationReport) -> str:
    if report.refusals:
        return "Nothing can be done yet."
    if not report.changes:
        return "Nothing to do."
    changes = format_count(report.changes, "change")
    return f"{changes} made." if report.applied else f"{changes} to make: --apply makes them."


def _describe_action(report: PreparationReport, step: PreparationStep) -> str:
    if step.action is PrepareAction.NONE:
        return "nothing"
    return f"{step.action.value.removesuffix('e')}ed" if report.applied else step.action.value
