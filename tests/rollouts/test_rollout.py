"""Rollouts over three lab hosts: a good release, a bad one, and what is left for the next run."""

import json
import os
import signal

import pytest

from tests.rollouts.ground import BAD, GOOD, Ground, plug

pytestmark = pytest.mark.lab
rarely = pytest.mark.skipif(os.environ.get("QTCTL_ROLLOUTS") != "all", reason="takes minutes: QTCTL_ROLLOUTS=all")


@pytest.fixture
def ground(three: Ground) -> Ground:
    """All three run release 1."""
    three.release(GOOD, number=1)
    if set(three.versions().values()) != {"1001"}:
        ended = three.deploy("--batch", "100%")
        assert ended.code == 0, ended.ran.err
        assert three.versions() == dict.fromkeys(three.names, "1001")
    return three


def test_the_canary_fails_and_the_others_are_untouched(ground: Ground) -> None:
    before = ground.generations()
    ground.release(BAD, number=0)
    ended = ground.deploy("--batch", "1,100%")
    assert (ended.code, ended.ends) == (4, {"roll1": "restored", "roll2": "not-reached", "roll3": "not-reached"})
    assert ended.document["batches"] == [["roll1"], ["roll2", "roll3"]]
    assert ended.document["totals"]["not_reached"] == 2
    assert ground.versions() == dict.fromkeys(ground.names, "1001")
    assert ground.generations() == {**before, "roll1": before["roll1"] + 1}
    assert "error: roll1: " in ended.ran.err


@rarely
def test_ctrl_c_begins_no_further_host_and_each_host_goes_back(ground: Ground) -> None:
    before = ground.generations()
    ground.release(GOOD, number=3, steady="60s")
    with ground.begun("--batch", "2,1") as process:
        for name in ("roll1", "roll2"):
            ground.await_state(name, "gating")
        process.send_signal(signal.SIGINT)
        ended = ground.end(process)
    assert (ended.code, ended.ends) == (4, {"roll1": "restored", "roll2": "restored", "roll3": "not-reached"})
    assert ended.document["interrupted"]
    assert ground.versions() == dict.fromkeys(ground.names, "1001")
    assert ground.generations()["roll3"] == before["roll3"]


@rarely
def test_the_batch_goes_back_together_and_the_next_run_finishes_the_rest(ground: Ground) -> None:
    """Release 2 does not run on roll3. Its batch is rolled back, the canary before it stays."""
    ground.sh("roll3", "touch /run/refuses")
    ground.release("test ! -e /run/refuses || exit 3; exec sleep 1002")
    ended = ground.deploy("--batch", "1,2", "--on-failure", "batch")
    assert (ended.code, ended.ends) == (4, {"roll1": "deployed", "roll2": "rolled-back", "roll3": "restored"})
    assert ground.versions() == {"roll1": "1002", "roll2": "1001", "roll3": "1001"}
    trail = [json.loads(line) for line in ground.sh("roll2", "cat /var/lib/qtctl/trail").splitlines()]
    assert {line.get("rollout") for line in trail[-2:]} == {ended.document["rollout"]}
    assert trail[-1]["action"] == "rollback"
    ground.sh("roll3", "rm /run/refuses")
    ended = ground.deploy()
    assert (ended.code, ended.ends) == (0, {"roll1": "unchanged", "roll2": "deployed", "roll3": "deployed"})
    assert ended.document["batches"] == [["roll2"], ["roll3"]]
    assert ground.versions() == dict.fromkeys(ground.names, "1002")


@rarely
def test_a_host_that_cannot_be_planned_stops_all_before_anything_changes(ground: Ground) -> None:
    before = ground.generations()
    ground.release(GOOD, number=4)
    ground.sh("roll2", "systemctl stop ssh.socket ssh.service 2>/dev/null; systemctl stop ssh")
    try:
        ended = ground.deploy()
        assert (ended.code, ended.ends) == (4, {"roll1": "not-reached", "roll2": "refused", "roll3": "not-reached"})
        assert "1 of 3 hosts cannot be deployed: nothing was changed on any host" in ended.ran.err
        assert ground.generations() == before
        ended = ground.deploy("--skip-refused")
        assert (ended.code, ended.ends) == (4, {"roll1": "deployed", "roll3": "deployed", "roll2": "left-out"})
    finally:
        ground.sh("roll2", "systemctl start ssh")
    assert ground.deploy().ends == {"roll1": "unchanged", "roll2": "deployed", "roll3": "unchanged"}


@rarely
def test_plans_that_are_alike_are_shown_once_and_can_be_deployed(ground: Ground) -> None:
    ground.release(GOOD, number=5)
    ran = ground.run("plan", "--tag", "web", "--format", "json", "--out", "web.plans")
    assert ran.code == 1
    document = json.loads(ran.out)
    (shared,) = document["plans"]
    assert shared["hosts"] == list(ground.names)
    assert {each["plan"] for each in document["hosts"]} == {shared["digest"]}
    assert "roll1 … roll3 (3 hosts, the same plan)" in ground.run("plan", "--tag", "web", "--format", "table").out
    assert ground.deploy("--plan", "web.plans").ends == dict.fromkeys(ground.names, "deployed")
    again = ground.run("deploy", "--tag", "web", "--yes", "--plan", "web.plans")
    assert again.code == 4
    assert "was planned, and is not what the host needs now" in again.err


@rarely
def test_everything_that_was_touched_goes_back(ground: Ground) -> None:
    ground.sh("roll3", "touch /run/refuses")
    ground.release("test ! -e /run/refuses || exit 3; exec sleep 1006")
    try:
        ended = ground.deploy("--batch", "1", "--on-failure", "all")
        assert ended.ends == {"roll1": "rolled-back", "roll2": "rolled-back", "roll3": "restored"}
        assert ended.code == 4
        assert ground.versions() == dict.fromkeys(ground.names, "1001")
    finally:
        ground.sh("roll3", "rm /run/refuses")


@rarely
def test_a_second_ctrl_c_does_not_wait_and_the_hosts_go_back_by_themselves(ground: Ground) -> None:
    ground.release(GOOD, number=7, steady="60s")
    with ground.begun("--batch", "2,1") as process:
        for name in ("roll1", "roll2"):
            ground.await_state(name, "gating")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        ended = ground.end(process)
    assert ended.code == 5
    assert ended.ends["roll3"] == "not-reached"
    for name in ("roll1", "roll2"):
        ground.await_state(name, "idle")
    assert ground.versions() == dict.fromkeys(ground.names, "1001")


@rarely
def test_a_lost_caller_leaves_no_host_half_changed(ground: Ground) -> None:
    """Nothing is left of the caller, so each host goes back once its lease is over."""
    ground.release(GOOD, number=8, steady="60s")
    with ground.begun("--batch", "3") as process:
        for name in ground.names:
            ground.await_state(name, "gating")
        process.kill()
        process.wait()
    for name in ground.names:
        ground.await_state(name, "idle")
    assert ground.versions() == dict.fromkeys(ground.names, "1001")


@rarely
def test_a_host_that_is_unplugged_halfway_goes_back_and_ends_the_rollout(ground: Ground) -> None:
    ground.release(GOOD, number=9, steady="20s")
    with ground.begun("--batch", "2,1") as process:
        ground.await_state("roll2", "gating")
        plug("roll2", "down")
        try:
            ended = ground.end(process)
        finally:
            plug("roll2", "up")
    assert (ended.code, ended.ends) == (5, {"roll1": "deployed", "roll2": "failed", "roll3": "not-reached"})
    ground.await_state("roll2", "idle")
    assert ground.versions() == {"roll1": "1009", "roll2": "1001", "roll3": "1001"}
    ground.release(GOOD, number=9)
    assert ground.deploy().ends == {"roll1": "unchanged", "roll2": "deployed", "roll3": "deployed"}
