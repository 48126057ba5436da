"""A deploy for people and tickets: how it ended, what is open, then every step; diffs of unit files last."""

from qtctl.findings.finding import Outcome
from qtctl.model.plan import StepStatus
from qtctl.plan.outcome import DeployStatus
from qtctl.reports.blocks import (
    Blocks,
    Code,
    Paragraph,
    Section,
    Strong,
    Text,
    Title,
    Verbatim,
    make_list,
    make_table,
    show_diff,
)
from qtctl.reports.check import Check
from qtctl.reports.deploy import DeployFailure, DeployReport, DeployStep
from qtctl.reports.phrases import add_hint, format_count

HEADLINES = {
    DeployStatus.UNCHANGED: "Nothing to change",
    DeployStatus.DECLINED: "Declined: nothing was changed",
    DeployStatus.DEPLOYED: "Deployed: it runs as declared",
    DeployStatus.REFUSED: "Refused: nothing was changed",
    DeployStatus.INTERRUPTED: "Interrupted: nothing was changed",
    DeployStatus.RESTORED: "Rolled back: it is as it was before",
    DeployStatus.FAILED: "Failed: a person is needed",
}


def build_page(report: DeployReport) -> Blocks:
    in_the_way = ((Code(each.subject), f": {add_hint(each.reason, each.hint)}") for each in report.refusals)
    origin = (f"Fleet {report.fleet}, at ", Code(report.address), f", qtctl {report.qtctl_version}.")
    return (
        Title(f"Deploy of {report.host}"),
        Paragraph(write_headline(report)),
        Paragraph(origin),
        Section("In the way", make_list(in_the_way)),
        Section("Open", make_list(open_(report))),
        *(_show_failure(each) for each in report.failures),
        Section("Steps", show_steps(report)),
        *(show_diff(step.subject, step.diff, marked=False) for step in report.steps if step.diff),
    )


def write_headline(report: DeployReport) -> Text:
    done = sum(step.status is StepStatus.DONE for step in report.steps)
    why = f" {add_hint(report.reason.what, report.reason.hint)}." if report.reason else ""
    still = report.status is DeployStatus.DEPLOYED and (report.outstanding or report.restarting)
    head = "Deployed: it runs as declared, except for what had failed before" if still else HEADLINES[report.status]
    return (Strong(f"{head}."), f" {done} of {format_count(len(report.steps), 'step')} done.{why}")


def open_(report: DeployReport) -> tuple[Text, ...]:
    return (
        *((f"{each.id} ", Code(each.subject), f": {_describe_check(each)}") for each in report.outstanding),
        *((Code(unit), " does not stay up: it keeps being restarted") for unit in report.restarting),
        *((Code(subject), " was not seen after it was changed") for subject in _list_unseen(report)),
    )


def _describe_check(check: Check) -> str:
    return check.title if check.outcome is Outcome.BROKEN else f"unknown: {check.reason or 'no reason given'}"


def _list_unseen(report: DeployReport) -> list[str]:
    told = {each.subject for each in report.outstanding}
    return [subject for subject in report.unverified if subject not in told]


def show_steps(report: DeployReport) -> Blocks:
    rows = (
        (step.kind.value, Code(step.subject), step.why, step.status.value, _format_detail(step))
        for step in report.steps
    )
    return make_table(("step", "what", "why", "how it ended", "detail"), rows)


def _format_detail(step: DeployStep) -> Text:
    return ("the old one is ", Code(step.kept)) if step.kept else step.detail


def _show_failure(failure: DeployFailure) -> Section:
    said = ", ".join(part for part in (failure.state, failure.why) if part) or "its journal may say why"
    return Section(("Why ", Code(failure.unit), " does not run"), (Paragraph(said), *_show_verbatim(failure.journal)))


def _show_verbatim(rows: tuple[str, ...]) -> Blocks:
    return (Verbatim(rows),) if rows else ()
