"""Whether a process has read what is there now is decided by content, whatever the times of files say."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from qtctl.model.desired import Desired
from qtctl.model.plan import StepKind
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from tests.flows.ground import SLEEP, THREE, Ground, fleet, steps

pytestmark = pytest.mark.lab

SECRETS = "/etc/quantum/a.secrets"
RESTART = (StepKind.RESTART, "quantum-a.service")


def with_secrets(made: Desired) -> Desired:
    first, *others = made.services
    return replace(made, services=(replace(first, secrets_file=SECRETS), *others))


FLEET = with_secrets(fleet(THREE))


@pytest.fixture(scope="module")
def recorded(booted: Ground) -> Iterator[Ground]:
    """A host whose services were all started by a deploy, with a file of secrets that is older than they are."""
    deploy(booted, fleet(dict.fromkeys("abc", "/usr/bin/sleep 4711")))
    put(booted, "A=1", "2001-01-01")
    deploy(booted, FLEET)
    yield booted
    booted.run(f"rm {SECRETS}")
    # No later test goes back to a generation whose secrets are gone.
    deploy(booted, fleet(dict.fromkeys("abc", "/usr/bin/sleep 4712")))


def deploy(ground: Ground, wanted: Desired) -> DeployOutcome:
    return ground.deploy(wanted, take_over=True, steady_s=0.1)


def put(ground: Ground, line: str, time: str) -> None:
    """As `mv` puts a file in place that was made earlier."""
    ground.run(f"echo {line} >/root/new; chmod 600 /root/new; touch -d {time} /root/new; mv /root/new {SECRETS}")


@pytest.mark.parametrize("time", ["1999-01-01", "2040-01-01"])
def test_a_new_secret_restarts_its_service_once(recorded: Ground, time: str) -> None:
    put(recorded, f"A={time}", time)
    before = recorded.pids()
    outcome = deploy(recorded, FLEET)
    assert outcome.status is DeployStatus.DEPLOYED
    assert steps(outcome) == [RESTART]
    assert outcome.plan.steps[0].reason == f"{SECRETS} is not as it was when the process began"
    assert [name for name, pid in recorded.pids().items() if pid != before[name]] == ["a"]
    assert deploy(recorded, FLEET).status is DeployStatus.UNCHANGED


def test_a_file_that_was_only_touched_restarts_nothing(recorded: Ground) -> None:
    recorded.run(f"touch {SECRETS} /etc/quantum/b.env; chmod 640 {SECRETS}; chmod 600 {SECRETS}")
    assert deploy(recorded, FLEET).status is DeployStatus.UNCHANGED


def test_a_service_that_somebody_else_started_is_judged_by_times(recorded: Ground) -> None:
    """Nothing is recorded about its process: a newer file counts as one that it has not read."""
    put(recorded, "A=by-hand", "1999-01-01")
    recorded.run("sleep 1; systemctl restart quantum-a")
    assert deploy(recorded, FLEET).status is DeployStatus.UNCHANGED
    recorded.run("sleep 1")
    put(recorded, "A=later", "1999-01-01")
    assert steps(deploy(recorded, FLEET)) == [RESTART]
    assert deploy(recorded, FLEET).status is DeployStatus.UNCHANGED


def test_what_a_deploy_that_was_taken_back_left_is_what_was_read(recorded: Ground) -> None:
    fails = with_secrets(fleet({**THREE, "a": "/nonexistent", "b": "/usr/bin/sleep 99"}, descriptions={"c": "other"}))
    assert deploy(recorded, fails).status is DeployStatus.RESTORED
    assert deploy(recorded, FLEET).status is DeployStatus.UNCHANGED


def test_words_that_no_process_reads_restart_nothing_later(recorded: Ground) -> None:
    other = with_secrets(fleet(THREE, descriptions={"a": "other"}))
    before = recorded.pids()
    assert deploy(recorded, other).status is DeployStatus.DEPLOYED
    recorded.run("touch /etc/systemd/system/quantum-a.service; systemctl daemon-reload")
    assert deploy(recorded, other).status is DeployStatus.UNCHANGED
    assert recorded.pids() == before
    assert deploy(recorded, FLEET).status is DeployStatus.DEPLOYED


def test_the_records_hold_no_secret_and_are_of_root_alone(recorded: Ground) -> None:
    assert recorded.run("stat -c '%U %a' /var/lib/qtctl/ran /var/lib/qtctl/key").split("\n")[:2] == ["root 600"] * 2
    digest = recorded.run(f"sha256sum {SECRETS}").split()[0]
    rows = recorded.run("cat /var/lib/qtctl/ran")
    assert digest not in rows
    assert f"\t{SECRETS}\n" in rows
    assert SLEEP not in rows
