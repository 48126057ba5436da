"""A deploy for people and tickets: how it ended, what is open, then every step; diffs of unit files last."""

from qtctl.dialects import terminal
from qtctl.dialects.lines import lines
from qtctl.findings.finding import Outcome
from qtctl.model.plan import StepStatus
from qtctl.plan.outcome import DeployStatus
from qtctl.report.check import Check
from qtctl.report.deploy import DeployReport, DeployStep
from qtctl.report.markdown import code, counted, document, plain, section, table

HEADLINES = {
    DeployStatus.UNCHANGED: "Nothing to change",
    DeployStatus.DECLINED: "Declined: nothing was changed",
    DeployStatus.DEPLOYED: "Deployed: it runs as declared",
    DeployStatus.REFUSED: "Refused: nothing was changed",
    DeployStatus.INTERRUPTED: "Interrupted: nothing was changed",
    DeployStatus.FAILED: "Failed: a person is needed",
}


def to_markdown(report: DeployReport) -> str:
    return document(
        f"Deploy of {plain(report.host)}",
        [headline(report), ""],
        [f"Fleet {plain(report.fleet)}, at {code(report.address)}, qtctl {plain(report.qtctl_version)}.", ""],
        section(
            "In the way", [f"- {code(each.subject)}: {_hinted(each.reason, each.hint)}" for each in report.refusals]
        ),
        section("Open", open_(report)),
        section("Steps", steps(report)),
        *(_diff(step) for step in report.steps if step.diff),
    )


def headline(report: DeployReport) -> str:
    done = sum(step.status is StepStatus.DONE for step in report.steps)
    said = f"**{HEADLINES[report.status]}.** {done} of {counted(len(report.steps), 'step')} done."
    return f"{said} {_hinted(report.reason.what, report.reason.hint)}." if report.reason else said


def _hinted(what: str, hint: str) -> str:
    return plain(f"{what} ({hint})" if hint else what)


def open_(report: DeployReport) -> list[str]:
    return [
        *(f"- {each.id} {code(each.subject)}: {_how(each)}" for each in report.outstanding),
        *(f"- {code(unit)} does not stay up: it keeps being restarted" for unit in report.restarting),
        *(f"- {code(subject)} was not seen after it was changed" for subject in _unseen(report)),
    ]


def _how(check: Check) -> str:
    return plain(check.title if check.outcome is Outcome.BROKEN else f"unknown: {check.reason or 'no reason given'}")


def _unseen(report: DeployReport) -> list[str]:
    told = {each.subject for each in report.outstanding}
    return [subject for subject in report.unverified if subject not in told]


def steps(report: DeployReport) -> list[str]:
    if not report.steps:
        return []
    rows = (
        (step.kind.value, code(step.subject), plain(step.why), step.status.value, _detail(step))
        for step in report.steps
    )
    return table(("step", "what", "why", "how it ended", "detail"), rows)


def _detail(step: DeployStep) -> str:
    return f"the old one is {code(step.kept)}" if step.kept else plain(step.detail)


def _diff(step: DeployStep) -> list[str]:
    """Fenced by indentation: no text in it can end that."""
    return section(
        f"Difference in {code(step.subject)}", [f"    {terminal.line(each)}" for each in lines(step.diff or "")]
    )
