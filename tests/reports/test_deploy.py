"""The report of a deploy: what it says of every end, and that it does not say what cannot be."""

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from qtctl.cli.exits import Exit, choose_deploy_exit
from qtctl.errors import Place
from qtctl.findings.finding import Outcome
from qtctl.formats.catalogue import Content, list_offered, write_text
from qtctl.formats.markdown import write_markdown
from qtctl.model.desired_file import DesiredFile
from qtctl.model.origin import Origin
from qtctl.model.plan import Note, NoteKind, Plan, Refusal, Step, StepKind, StepResult, StepStatus, list_not_run
from qtctl.plan.outcome import DeployOutcome, DeployStatus, Reason, ReasonKind
from qtctl.reports.deploy import build_report, to_json
from qtctl.reports.deploy_page import build_page
from qtctl.reports.deploy_text import describe_end, describe_problems
from qtctl.reports.deploy_view import build_view
from tests.reports.checks import CHECKS

ENV = DesiredFile("/etc/q/a.env", b"TOKEN=canary-3f\n", "0600", "root", "root", "0" * 64, "env", "a", Origin("x"))
WRITE = Step(StepKind.WRITE, "/etc/q/a.env", "content differs (values not shown)", "sha256:1", file=ENV)
UNIT = Step(StepKind.WRITE, "/etc/systemd/system/a.service", "content differs", "sha256:2", diff="-A\n+# |B|\n")
RESTART = Step(StepKind.RESTART, "a.service", "its env file changed")
START = Step(StepKind.START, "b.service", "is not running")
PLAN = Plan("h1", (WRITE, UNIT, RESTART, START))
KEPT = "/var/lib/qtctl/replaced/20261128T000000Z-abc"
OPEN = tuple(check for check in CHECKS if check.outcome is not Outcome.HOLDS)[:2]
WRITTEN = tuple(StepResult(step, StepStatus.DONE, kept=f"{KEPT}{step.subject}", took_s=0.25) for step in (WRITE, UNIT))
FAILED = DeployOutcome(
    plan=PLAN,
    status=DeployStatus.FAILED,
    results=(
        *WRITTEN,
        StepResult(RESTART, StepStatus.FAILED, "failed", took_s=1.5),
        StepResult(START, StepStatus.UNKNOWN, "no answer", took_s=1.5),
    ),
    reason=Reason(ReasonKind.STEPS_FAILED, "steps failed", "deploy again"),
    outstanding=OPEN,
    moving=("c.service",),
)
DEPLOYED = DeployOutcome(plan=Plan("h1", (WRITE, UNIT)), status=DeployStatus.DEPLOYED, results=WRITTEN)
REFUSED = DeployOutcome(
    plan=Plan("h1", (), (Refusal("/etc/q/a.env", "qtctl did not write it", "--take-over"),)),
    status=DeployStatus.REFUSED,
    reason=Reason(ReasonKind.IN_THE_WAY, "/etc/q/a.env: qtctl did not write it", "--take-over"),
)
LOCKED = DeployOutcome(
    plan=PLAN,
    status=DeployStatus.REFUSED,
    results=list_not_run(PLAN.steps),
    reason=Reason(ReasonKind.LOCKED, "me@there is deploying to it now", "wait", "me@there"),
)
DECLINED = DeployOutcome(plan=PLAN, status=DeployStatus.DECLINED, results=list_not_run(PLAN.steps))
UNCHANGED = DeployOutcome(plan=Plan("h1", ()), status=DeployStatus.UNCHANGED, outstanding=OPEN)
EVERY = (FAILED, DEPLOYED, REFUSED, LOCKED, DECLINED, UNCHANGED)


def document(outcome: DeployOutcome) -> dict[str, object]:
    text: dict[str, object] = json.loads(to_json(build_report(outcome, fleet="f", address="lab1", exit_code=0)))
    return text


def test_each_step_is_told_with_what_became_of_it() -> None:
    steps = document(FAILED)["steps"]
    assert isinstance(steps, list)
    assert [(step["kind"], step["subject"], step["status"]) for step in steps] == [
        ("write", "/etc/q/a.env", "done"),
        ("write", "/etc/systemd/system/a.service", "done"),
        ("restart", "a.service", "failed"),
        ("start", "b.service", "unknown"),
    ]
    assert (steps[0]["kept"], steps[0]["took_s"], steps[0]["diff"]) == (f"{KEPT}/etc/q/a.env", 0.25, None)
    assert (steps[1]["diff"], steps[2]["detail"]) == ("-A\n+# |B|\n", "failed")


@pytest.mark.parametrize("outcome", EVERY, ids=lambda outcome: f"{outcome.status}")
def test_no_format_shows_the_content_of_an_env_file(outcome: DeployOutcome) -> None:
    report = build_report(outcome, fleet="f", address="lab1", exit_code=0)
    assert "canary" not in to_json(report) + write_markdown(build_page(report))


def test_what_a_program_of_the_host_says_is_shown_without_what_looks_like_a_secret() -> None:
    said = "exit status 1; redis://:canary-77@127.0.0.1/ refused"
    outcome = replace(
        FAILED,
        results=(replace(FAILED.results[0], status=StepStatus.FAILED, detail=said), *FAILED.results[1:]),
        reason=Reason(ReasonKind.STEPS_FAILED, said),
    )
    report = build_report(outcome, fleet="f", address="lab1", exit_code=5)
    assert "refused" in to_json(report)
    assert "canary-77" not in to_json(report) + write_markdown(build_page(report))


@pytest.mark.parametrize("status", [DeployStatus.DEPLOYED, DeployStatus.UNCHANGED])
@pytest.mark.parametrize("format_", sorted({*list_offered(Content.JUDGED)} - {"table"}))
def test_every_format_says_that_a_service_keeps_being_restarted(status: DeployStatus, format_: str) -> None:
    steps = {DeployStatus.DEPLOYED: DEPLOYED, DeployStatus.UNCHANGED: replace(UNCHANGED, outstanding=())}
    outcome = replace(steps[status], moving=("c.service",), failed_before=("c.service",))
    assert not outcome.as_declared
    assert choose_deploy_exit(outcome) is Exit.FINDINGS
    assert "c.service does not stay up" in "\n".join(describe_end(outcome, "lab1"))
    report = build_report(outcome, fleet="f", address="lab1", exit_code=1)
    text = write_text(build_view(report, outcome.outstanding, str, lambda: Place("hosts.toml", 1)), format_)
    assert "c.service" in text


def test_what_is_in_the_way_has_fields() -> None:
    assert document(REFUSED)["refusals"] == [
        {"subject": "/etc/q/a.env", "reason": "qtctl did not write it", "hint": "--take-over"}
    ]
    assert describe_problems(REFUSED) == (
        "h1: nothing was changed: /etc/q/a.env: qtctl did not write it (--take-over)",
    )


def test_who_holds_the_lock_has_a_field() -> None:
    reason = document(LOCKED)["reason"]
    assert reason == {
        "kind": "locked", "what": "me@there is deploying to it now", "hint": "wait", "holder": "me@there",
    }  # fmt: skip
    assert describe_problems(LOCKED) == ("h1: me@there is deploying to it now (wait)",)


def test_a_host_that_nobody_looked_at_again_is_unverified_in_all_that_was_touched() -> None:
    assert replace(FAILED, looked=False, outstanding=()).unverified == tuple(step.subject for step in PLAN.steps)
    stopped = replace(FAILED, looked=False, outstanding=(), results=(*WRITTEN, *list_not_run((RESTART, START))))
    assert stopped.unverified == (WRITE.subject, UNIT.subject)
    unknown = tuple(each.subject for each in OPEN if each.outcome is Outcome.UNKNOWN)
    assert FAILED.unverified == unknown


def test_text_of_a_failed_deploy() -> None:
    assert describe_problems(FAILED)[:6] == (
        "h1: the deploy is not verified: steps failed",
        "failed: restart a.service: failed",
        "unknown: start b.service: no answer",
        f"written: /etc/q/a.env, the old one is {KEPT}/etc/q/a.env",
        f"written: /etc/systemd/system/a.service, the old one is {KEPT}/etc/systemd/system/a.service",
        f"open: {OPEN[0].id} {OPEN[0].subject}: {OPEN[0].title}",
    )
    assert describe_problems(FAILED)[-2:] == (
        "open: c.service does not stay up: it keeps being restarted", "deploy again",
    )  # fmt: skip
    assert describe_end(FAILED, "lab1") == ()


def test_text_of_a_deploy_that_went_well() -> None:
    assert describe_end(DEPLOYED, "lab1") == (
        "2 written",
        f"2 replaced files are kept below {KEPT}",
        "lab1 now runs as declared",
    )
    assert describe_problems(DEPLOYED) == ()


@pytest.mark.parametrize("outcome", [DEPLOYED, replace(UNCHANGED, outstanding=())])
def test_what_an_operators_drop_in_overrides_is_named_at_the_end(outcome: DeployOutcome) -> None:
    notes = (Note(NoteKind.OVERRIDDEN, "a.service", "/etc/x.conf overrides Nice="), Note(NoteKind.LEFT, "b", "left"))
    lines = describe_end(replace(outcome, plan=replace(outcome.plan, notes=notes)), "lab1")
    assert lines[-2:] == (
        "drop-ins that qtctl did not write are in force, too:",
        "  a.service: /etc/x.conf overrides Nice=",
    )


def test_markdown_of_a_failed_deploy() -> None:
    text = write_markdown(build_page(build_report(FAILED, fleet="f", address="lab1", exit_code=5)))
    assert "**Failed: a person is needed.** 2 of 4 steps done. steps failed (deploy again)." in text
    assert "| restart | `a.service` | its env file changed | failed | failed |" in text
    assert f"the old one is `{KEPT}/etc/q/a.env`" in text
    assert "\n    -A\n    +# |B|\n" in text


@pytest.mark.parametrize(
    "outcome",
    [
        replace(FAILED, status=DeployStatus.DEPLOYED, reason=None),
        replace(DEPLOYED, outstanding=OPEN),
        replace(DEPLOYED, status=DeployStatus.REFUSED),
        replace(FAILED, status=DeployStatus.INTERRUPTED),
    ],
    ids=["deployed but failed", "deployed but open", "refused but written", "interrupted but written"],
)
def test_a_report_that_contradicts_itself_is_refused(outcome: DeployOutcome) -> None:
    with pytest.raises(ValidationError):
        build_report(outcome, fleet="f", address="lab1", exit_code=0)
