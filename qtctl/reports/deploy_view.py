"""A deploy, for every format: a step is judged by whether it was done, and the gate by what is still open."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.model.plan import StepStatus
from qtctl.reports.deploy import DeployReport, DeployStep, to_json
from qtctl.reports.deploy_page import build_page
from qtctl.reports.view import View

STEP, REFUSAL, RESTARTING = "deploy-step", "deploy-refusal", "deploy-restarting"
"""What has no finding's id: a step of the plan, what is in its way, and a unit that keeps being restarted."""


def build_view(
    report: DeployReport, outstanding: Sequence[Finding], locate: Callable[[str], str], home: Callable[[], Place]
) -> View:
    """`outstanding`: what of the gate does not hold, or is unknown."""
    return View(
        name="deploy",
        about=report.address,
        json=partial(to_json, report),
        page=partial(build_page, report),
        findings=lambda: (
            *outstanding,
            *_list_refusals(report),
            *_list_restarting(report),
            *(_make_step_finding(step, report) for step in report.steps),
        ),
        locate=locate,
        home=home,
    )


def _list_refusals(report: DeployReport) -> Iterator[Finding]:
    for each in report.refusals:
        yield _make_finding(REFUSAL, each.subject, Outcome.BROKEN, each.reason, report, remedy=each.hint)


def _list_restarting(report: DeployReport) -> Iterator[Finding]:
    for unit in report.restarting:
        yield _make_finding(RESTARTING, unit, Outcome.BROKEN, "it keeps being restarted", report, title="not steady")


def _make_step_finding(step: DeployStep, report: DeployReport) -> Finding:
    """A step that was not run is unknown: nobody knows whether it would have worked."""
    outcomes = {StepStatus.DONE: Outcome.HOLDS, StepStatus.FAILED: Outcome.BROKEN}
    outcome = outcomes.get(step.status, Outcome.UNKNOWN)
    why = step.detail or f"{step.status.value}: {step.why}"
    return _make_finding(STEP, f"{step.kind.value} {step.subject}", outcome, why, report)


def _make_finding(
    id_: str,
    subject: str,
    outcome: Outcome,
    what: str,
    report: DeployReport,
    *,
    remedy: str = "",
    title: str = "not done",
) -> Finding:
    return Finding(
        id=id_,
        outcome=outcome,
        severity=Severity.ERROR,
        title=title,
        subject=subject,
        host=report.host,
        what=what if outcome is Outcome.BROKEN else "",
        remedy=remedy,
        reason=what if outcome is Outcome.UNKNOWN else None,
        fingerprint=make_fingerprint(id_, report.host, subject),
    )
