"""QT1201 to QT1209: each step of a rehearsal as a finding, one verdict, and what every format makes of them."""

import json
from dataclasses import replace

import pytest

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.policy import Policy
from qtctl.findings.verdict import Conclusion
from qtctl.formats.catalogue import Content, list_offered, write_text
from qtctl.model.plan import Dragged, Effect, Plan, Refusal, Step
from qtctl.model.plan import StepKind as PlanStep
from qtctl.model.rehearsal import BeforeSource, NotModelled, StepKind
from qtctl.plan.rehearsed import Rehearsal, RehearsedStep
from qtctl.reports.rehearsal import RehearsalReport, build_report, to_json
from qtctl.reports.rehearsal_findings import judge_rehearsal
from qtctl.reports.rehearsal_view import build_view
from qtctl.rules.rehearsal.steps import OF_STEP, RULES

FOUND = Finding(
    id="QT204", outcome=Outcome.BROKEN, severity=Severity.ERROR, title="unit failed", subject="shop-api.service",
    host="box", fingerprint="0" * 16,
)  # fmt: skip
PASSED = tuple(
    RehearsedStep(kind=kind, subject="box", outcome=Outcome.HOLDS, said="as declared again", took_s=1.0)
    for kind in StepKind
)
INHERENT = NotModelled("programs", "stand-ins in place of 3 programs")
GAP = NotModelled("way", "not in the evidence for /srv/new", gap=True, remedy="qtctl audit --host HOST --save FILE")
DRAGS = (Dragged("a.service", Effect.RESTARTS, "b", declared=True),)
PLAN = Plan(
    "box",
    (Step(PlanStep.RESTART, "shop-api.service", "it changes", drags=DRAGS),),
    (Refusal("shop-api.service", "port 80 is held by nginx.service", "stop it"),),
)


def rehearsal(*steps: RehearsedStep, lacking: tuple[NotModelled, ...] = (INHERENT,)) -> Rehearsal:
    return Rehearsal(
        fleet="shop",
        host="box",
        taken_at="2026-11-29T12:00:00.000Z",
        suite="bookworm",
        source=BeforeSource.COMMIT,
        source_said="generation 1 is of commit 0123",
        steps=steps or PASSED,
        not_modelled=lacking,
        plan=PLAN,
        took_s=20.0,
    )


def failed(kind: StepKind, subject: str = "box", **more: object) -> RehearsedStep:
    plain = RehearsedStep(kind=kind, subject=subject, outcome=Outcome.BROKEN, said="it failed", took_s=1.0)
    return replace(plain, **more)  # type: ignore[arg-type]


def report_of(done: Rehearsal, policy: Policy | None = None) -> RehearsalReport:
    ruled = policy or Policy()
    return build_report(done, judge_rehearsal(done, ruled), ruled.gate)


def test_every_step_has_a_finding_of_its_own() -> None:
    assert {*OF_STEP} == {*StepKind}
    assert [each.id for each in RULES[1:]] == [OF_STEP[kind].id for kind in StepKind]


def test_what_no_rehearsal_can_have_is_never_passed_and_fails_nothing() -> None:
    report = report_of(rehearsal())
    assert report.conclusion is Conclusion.AS_DECLARED
    assert (report.totals.holds, report.totals.not_asked) == (len(StepKind), 1)
    assert report_of(rehearsal(lacking=(INHERENT, GAP))).conclusion is Conclusion.INCOMPLETE


@pytest.mark.parametrize("kind", StepKind)
def test_a_step_that_fails_closes_the_gate_by_its_severity(kind: StepKind) -> None:
    report = report_of(rehearsal(failed(kind)))
    assert (report.conclusion, report.checks[0].id) == (Conclusion.NOT_AS_DECLARED, OF_STEP[kind].id)
    mild = Policy.of("error", {OF_STEP[kind].id: "warning"})
    assert report_of(rehearsal(failed(kind)), mild).conclusion is Conclusion.AS_DECLARED


def test_what_was_not_tried_is_unknown_and_names_its_cause() -> None:
    skipped = RehearsedStep(
        kind=StepKind.REBOOT, subject="box", outcome=Outcome.UNKNOWN, said="not tried", after=StepKind.DEPLOY
    )
    deploy, reboot = report_of(rehearsal(failed(StepKind.DEPLOY), skipped)).checks[:2]
    assert (reboot.outcome, reboot.because) == (Outcome.UNKNOWN, deploy.fingerprint)
    assert report_of(rehearsal(skipped)).conclusion is Conclusion.INCOMPLETE


def test_each_killed_service_is_a_check_of_its_own() -> None:
    steps = (failed(StepKind.KILL, "a.service"), failed(StepKind.KILL, "b.service"), failed(StepKind.KILL))
    checks = report_of(rehearsal(*steps)).checks
    assert len({each.fingerprint for each in checks}) == len(checks)
    assert [each.subject for each in checks[:3]] == ["a.service", "b.service", "kill on box"]


def test_a_report_whose_rows_do_not_add_up_cannot_be_made() -> None:
    document = json.loads(to_json(report_of(rehearsal(failed(StepKind.KILL, "a.service", findings=(FOUND,))))))
    RehearsalReport.model_validate_json(json.dumps(document))
    for key, value in (
        ("conclusion", "as-declared"),
        ("not_modelled", []),
        ("steps", []),
        ("totals", {**document["totals"], "holds": 9}),
    ):
        with pytest.raises(ValueError, match=r"do not|no check"):
            RehearsalReport.model_validate_json(json.dumps({**document, key: value}))


@pytest.mark.parametrize("name", sorted({*list_offered(Content.JUDGED)} - {"table"}))
def test_every_format_says_what_failed_and_what_was_not_modelled(name: str) -> None:
    done = rehearsal(failed(StepKind.KILL, "shop-api.service", said="it does not run again"), lacking=(INHERENT, GAP))
    findings = judge_rehearsal(done, Policy())
    text = write_text(build_view(report_of(done), findings), name)
    assert "shop-api.service" in text
    if name != "github":
        assert "it does not run again" in text
    assert "/srv/new" in text
    assert "become" not in text
    if name in ("md", "json"):
        assert "port 80 is held by nginx.service" in text
        assert "stand-ins in place of 3 programs" in text


def test_no_secret_of_a_message_is_shown() -> None:
    done = rehearsal(failed(StepKind.DEPLOY, details=("Environment=API_TOKEN=hunter2hunter2 is wrong",)))
    findings = judge_rehearsal(done, Policy())
    report = build_report(done, findings, Severity.WARNING)
    for name in sorted({*list_offered(Content.JUDGED)} - {"table"}):
        assert "hunter2" not in write_text(build_view(report, findings), name), name
