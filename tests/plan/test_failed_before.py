"""What had failed before a deploy excuses what follows from it, and nothing else."""

from dataclasses import replace

import pytest

from qtctl.findings.finding import Finding, Outcome, Severity, make_fingerprint
from qtctl.model.facts import Facts
from qtctl.model.plan import Plan, Refusal, Step, StepKind
from qtctl.model.preflight_facts import Jobs
from qtctl.plan.failed_before import find_excused, is_excused
from qtctl.plan.remaining import list_remaining
from tests.builders.evidence import observe
from tests.builders.planned import desired, service

A, B = "quantum-a.service", "quantum-b.service"


def found(id_: str, subject: str, cause: Finding | None = None) -> Finding:
    made = Finding(
        id=id_,
        outcome=Outcome.BROKEN,
        severity=Severity.ERROR,
        title="",
        subject=subject,
        host="h1",
        fingerprint=make_fingerprint(id_, "h1", subject),
    )
    return replace(made, cause=cause.fingerprint) if cause else made


FAILED = found("QT204", A)
PORT = found("QT301", "tcp 8001", FAILED)


@pytest.mark.parametrize(
    ("finding", "excused"),
    [
        (FAILED, True),
        (found("QT219", A), True),
        (PORT, True),
        (found("QT305", "http://127.0.0.1:8001/", PORT), True),
        (found("QT201", A), False),
        (found("QT204", B), False),
        (found("QT301", "tcp 8002"), False),
    ],
)
def test_only_what_follows_from_it_is_excused(finding: Finding, excused: bool) -> None:
    every = {each.fingerprint: each for each in (FAILED, PORT, finding)}
    assert (finding.fingerprint in find_excused(every.values(), frozenset({A}))) is excused
    assert find_excused(every.values(), frozenset()) == frozenset()


def step(kind: StepKind, subject: str) -> Step:
    return Step(kind, subject, "it is not active")


def test_only_its_start_may_fail() -> None:
    before = frozenset({A})
    assert is_excused(step(StepKind.START, A), before)
    assert not is_excused(step(StepKind.START, B), before)
    assert not is_excused(step(StepKind.ENABLE, A), before)


def test_what_remains_to_be_done() -> None:
    jobs = Jobs("running", {A: ["stop", "waiting"], B: ["start", "running"], "other.service": ["stop", "running"]})
    seen = Facts([observe("*", jobs, ask=1)])
    planned = Plan("h1", (step(StepKind.START, A), step(StepKind.ENABLE, B)))
    wanted = desired(service("a"), service("b"))
    assert list_remaining(wanted, planned, seen, frozenset({A})) == (
        f"{A}: someone's stop job for it is waiting",
        f"enable {B} is needed once more (it is not active)",
    )
    in_the_way = Plan("h1", (), (Refusal(B, "it is masked", ""),))
    assert list_remaining(wanted, in_the_way, seen, frozenset())[1:] == (f"{B}: it is masked",)
