"""A pool of eight instances never drops below six: in a deploy, in one that goes back, and in a bad release."""

import os
from collections.abc import Iterator

import pytest

from qtctl.model.plan import NoteKind, StepKind, StepStatus
from qtctl.plan.outcome import DeployStatus
from tests.flows.ground import Ground
from tests.flows.pools import EIGHT, SLEEPS, TEMPLATE, pool, sampled, with_env

pytestmark = pytest.mark.lab
rarely = pytest.mark.skipif(os.environ.get("QTCTL_ROLLOUTS") != "all", reason="takes minutes: QTCTL_ROLLOUTS=all")


@pytest.fixture
def eight(booted: Ground) -> Iterator[Ground]:
    """A host on which all eight run, and no more than them afterwards."""
    booted.deploy(pool(), take_over=True, deadline_s=60)
    assert count(booted) == len(EIGHT)
    yield booted
    booted.settle()


@pytest.fixture(scope="module", autouse=True)
def gone(booted: Ground) -> Iterator[None]:
    """Other tests count the fleet's units."""
    yield
    booted.settle()
    booted.run(
        f"systemctl disable -q 'quantum-w@1' 2>/dev/null; systemctl stop 'quantum-w@*'; "
        f"rm -rf /etc/systemd/system/{TEMPLATE} /etc/systemd/system/*.wants/quantum-w@* /etc/quantum/w.env; "
        "systemctl daemon-reload; systemctl reset-failed 'quantum-w@*' 2>/dev/null || :"
    )


def count(ground: Ground) -> int:
    return int(ground.run("systemctl is-active 'quantum-w@*' | grep -cx active || true"))


def invocations(ground: Ground) -> list[str]:
    units = " ".join(f"quantum-w@{name}" for name in EIGHT)
    return ground.run(f"systemctl show -P InvocationID {units}").split()


def test_it_never_drops_below_six_while_all_eight_are_restarted(eight: Ground) -> None:
    before = invocations(eight)
    with sampled(eight) as seen:
        outcome = eight.deploy(with_env(pool(), b"A=2\n"), deadline_s=60)
    assert outcome.status is DeployStatus.DEPLOYED
    restarts = [step for step in outcome.plan.steps if step.kind is StepKind.RESTART]
    assert len(restarts) == len(EIGHT)
    notes = [note for note in outcome.plan.notes if note.kind is NoteKind.POOL]
    assert [(note.subject, note.text) for note in notes] == [
        (TEMPLATE, "8 of its 8 instances are restarted, at most 2 at a time")
    ]
    assert not set(before) & set(invocations(eight))
    assert len(seen.counts) > 50
    assert (seen.fewest, max(seen.counts)) == (6, 8)


def test_a_bad_release_stops_at_the_first_part_and_leaves_six(eight: Ground) -> None:
    """The rest of the pool is never touched, also not by going back."""
    before = invocations(eight)
    with sampled(eight) as seen:
        outcome = eight.deploy(pool("/bin/sh -c 'systemd-notify --ready; sleep 1; exit 3'"), deadline_s=60)
    assert outcome.status is DeployStatus.RESTORED
    assert seen.fewest == 6
    assert sum(old == new for old, new in zip(before, invocations(eight), strict=True)) == 6
    assert count(eight) == 8
    not_run = [each for each in outcome.results if each.status is StepStatus.NOT_RUN]
    assert len(not_run) == 6
    assert [each.detail for each in outcome.results if each.status is StepStatus.FAILED] == [
        "it did not stay up, so the other units of its pool were not restarted"
    ]
    assert [each.why for each in outcome.failures] != []


@rarely
def test_going_back_restarts_in_parts_too(eight: Ground) -> None:
    """All eight have been restarted when the gate does not open."""
    fails_late = "/bin/sh -c 'systemd-notify --ready; [ $0 != 8 ] || { sleep 12; exit 1; }; exec sleep inf' %i"
    with sampled(eight) as seen:
        outcome = eight.deploy(pool(fails_late), deadline_s=60, steady_s=14)
    assert outcome.status is DeployStatus.RESTORED
    assert {each.status for each in outcome.results} == {StepStatus.DONE}
    assert seen.fewest >= 5, "one of them ended by itself"
    assert count(eight) == 8
    assert eight.deploy(pool()).status is DeployStatus.UNCHANGED


@rarely
def test_what_had_failed_before_holds_up_no_pool(eight: Ground) -> None:
    eight.run("systemctl kill -s KILL quantum-w@3; sleep 0.3; systemctl is-failed quantum-w@3")
    with sampled(eight) as seen:
        outcome = eight.deploy(with_env(pool(), b"A=3\n"), deadline_s=60)
    assert outcome.status is DeployStatus.DEPLOYED
    assert seen.fewest >= 6
    assert count(eight) == 8


@rarely
def test_a_pool_of_100_percent_is_restarted_at_once(eight: Ground) -> None:
    with sampled(eight) as seen:
        outcome = eight.deploy(with_env(pool(SLEEPS, part="100%"), b"A=4\n"), deadline_s=60)
    assert outcome.status is DeployStatus.DEPLOYED
    assert seen.fewest == 0
