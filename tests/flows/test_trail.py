"""The audit trail of a real host: who did what, from which commit, by which plan, and how it ended."""

import json
import os
from typing import Any

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.flows.deploy import deploy
from qtctl.meaning.registry_digest import digest_registry
from qtctl.model.desired import Desired
from qtctl.model.plan import Choices
from qtctl.plan.agreed import plan_digest
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from qtctl.probes.deploys import parse_status
from tests.flows.ground import THREE, Ground, fleet

pytestmark = pytest.mark.lab

NEW = fleet({**THREE, "a": "/usr/bin/sleep 4712"}, env=b"A=canary-of-env\n")
TRAIL = "/var/lib/qtctl/trail"
KEYS = ("event", "generation", "by", "login", "commit", "dirty", "plan", "action")


def run(ground: Ground, wanted: Desired, user: str = "ops") -> DeployOutcome:
    about = {
        "action": "deploy", "by": "ann@desk", "commit": "2fd4e1c6", "dirty": "yes", "fleet": wanted.fleet,
        "host": wanted.host, "registry": digest_registry(wanted),
    }  # fmt: skip
    return deploy(
        lambda: ground.connect(user), wanted, SystemClock(), choices=Choices(), confirm=lambda _: True,
        progress=lambda _: None, deadline_s=15, steady_s=1, about=about,
    )  # fmt: skip


def records(ground: Ground) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ground.run(f"cat {TRAIL}").splitlines()]


def told(ground: Ground, generation: int | None) -> list[dict[str, Any]]:
    said = ground.run(f"journalctl --no-pager -o json -t qtctl DEPLOY_GENERATION={generation}")
    return [json.loads(line) for line in said.splitlines()]


def test_a_deploy_is_recorded_with_who_what_and_how_it_ended_and_all_may_read_what_is_in_force(ground: Ground) -> None:
    before = len(records(ground))
    good = run(ground, NEW)
    assert (good.status, good.warnings) == (DeployStatus.DEPLOYED, ())
    plan = plan_digest(good.plan)
    rest = (good.generation, "ann@desk", "ops", "2fd4e1c6", "yes", plan, "deploy")
    mine = [tuple(each.get(key) for key in KEYS) for each in records(ground)[before:]]
    assert mine == [("armed", *rest), ("confirmed", *rest)]
    assert ground.run(f"stat -c '%a %U' {TRAIL}").split() == ["600", "root"]
    fields = [
        (each["DEPLOY_EVENT"], each["DEPLOY_BY"], each["DEPLOY_LOGIN"], each["DEPLOY_PLAN"])
        for each in told(ground, good.generation)
    ]
    # Another test may have removed a generation, and its number is given again.
    assert fields[-2:] == [(event, "ann@desk", "ops", plan) for event in ("armed", "confirmed")]
    whole = ground.run(f"cat {TRAIL} /var/lib/qtctl/status; journalctl --no-pager -o verbose -t qtctl")
    assert "canary-of-env" not in whole
    assert_everybody_may_read(ground, good)
    assert_it_takes_note_of_another_registry(ground)


def assert_everybody_may_read(ground: Ground, outcome: DeployOutcome) -> None:
    """No digest of an env file is in it."""
    now = "echo $(cat /proc/sys/kernel/random/boot_id) $(cut -d . -f 1 /proc/uptime)"
    said = ground.run(f"runuser -u plain -- sh -c '{now}; cat /var/lib/qtctl/status'")
    status = parse_status(said)
    assert (status.state, status.current, status.rebooted) == ("idle", outcome.generation, False)
    assert (status.about["registry"], status.about["commit"]) == (digest_registry(NEW), "2fd4e1c6")
    units = {file.subject: file.sha256 for file in NEW.files if file.kind == "unit"}
    assert {unit: digest for unit, (_, digest) in status.units.items()} == units
    invocation = ground.run("systemctl show -P InvocationID quantum-a").strip()
    assert status.units["quantum-a.service"][0] == invocation
    assert [file.path for file in NEW.files if file.kind == "env" and file.sha256 in said] == []


def assert_it_takes_note_of_another_registry(ground: Ground) -> None:
    """As after a hot fix that was taken into the registry: nothing changes but what the host says about itself."""
    ground.run("cd /var/lib/qtctl; sed -i 's/^registry .*/registry 00/' current/about")
    ground.run("cd /var/lib/qtctl; sed -i 's/^current-registry .*/current-registry 00/' status")
    before = ground.contents(), ground.pids()
    outcome = run(ground, NEW)
    assert (outcome.status, outcome.warnings) == (DeployStatus.UNCHANGED, ())
    assert outcome.generation
    assert (ground.contents(), ground.pids()) == before
    assert f"current-registry {digest_registry(NEW)}" in ground.run("cat /var/lib/qtctl/status")
    again = run(ground, NEW)
    assert (again.status, again.generation) == (DeployStatus.UNCHANGED, None)


@pytest.mark.skipif(not os.environ.get("QTCTL_LARGE"), reason="takes 15 s: set QTCTL_LARGE=1")
def test_going_back_and_records_that_cannot_be_kept(ground: Ground) -> None:
    bad = run(ground, fleet({**THREE, "a": "/nonexistent"}))
    assert (bad.status, bad.warnings) == (DeployStatus.RESTORED, ())
    mine = [each for each in records(ground) if each["generation"] == bad.generation]
    assert [each["event"] for each in mine] == ["armed", "restoring", "restored"]
    assert mine[1]["why"]
    ground.run(f"mv {TRAIL} /root/trail && mkdir {TRAIL} && mv /usr/bin/logger /root/logger")
    try:
        outcome = run(ground, fleet({**THREE, "b": "/usr/bin/sleep 4713"}))
        assert outcome.status is DeployStatus.DEPLOYED
        assert outcome.warnings == (
            f"{TRAIL} could not be written",
            "the audit trail could not be written to the host's journal",
        )
    finally:
        ground.run(f"rmdir {TRAIL}; mv /root/trail {TRAIL}; mv /root/logger /usr/bin/logger")
