"""Units that systemd calls active, and that do nothing: no deploy says of them that they run as declared."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from qtctl.cli.exits import Exit, choose_deploy_exit
from qtctl.model.desired import Desired
from qtctl.model.states import ServiceState
from qtctl.plan.outcome import DeployStatus, ReasonKind
from tests.builders.planned import UNITS, desired, timer
from tests.flows.ground import MARK, THREE, Ground, ends, fleet, said

pytestmark = pytest.mark.lab

STILL = {
    "QT226": ("systemctl freeze quantum-a", "systemctl thaw quantum-a"),
    "QT233": ("systemctl kill -s STOP quantum-a", "systemctl kill -s CONT quantum-a"),
}


@pytest.fixture(params=STILL if os.environ.get("QTCTL_WAYS") == "all" else ["QT233"])
def still(request: pytest.FixtureRequest, ground: Ground) -> Iterator[str]:
    """The finding of quantum-a.service, which stands still until the end of the test."""
    stop, go_on = STILL[request.param]
    ground.run(stop)
    yield request.param
    ground.run(go_on)


def test_what_stood_still_before_is_told_and_takes_no_deploy_back(ground: Ground, still: str) -> None:
    unchanged = ground.deploy(fleet(THREE), deadline_s=3)
    assert unchanged.status is DeployStatus.UNCHANGED
    assert [(each.id, each.subject) for each in unchanged.outstanding] == [(still, "quantum-a.service")]
    assert choose_deploy_exit(unchanged) is Exit.FINDINGS
    changed = ground.deploy(fleet({**THREE, "b": "/usr/bin/sleep 4716"}))
    assert ends(changed) == (DeployStatus.DEPLOYED, None), said(changed)
    assert [(each.id, each.subject) for each in changed.outstanding] == [(still, "quantum-a.service")]
    assert changed.failed_before == ("quantum-a.service",)


def test_a_service_that_stops_itself_is_taken_back(ground: Ground) -> None:
    wanted = fleet({**THREE, "c": "/bin/sh -c 'kill -STOP $$$$; exec sleep inf'"})
    outcome = ground.deploy(wanted, deadline_s=5)
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.NOT_AS_DECLARED), said(outcome)
    assert ground.run("systemctl show -P ActiveState quantum-c").strip() == "active"


def with_timer(schedule: str) -> Desired:
    """The fleet, and a timer of a oneshot that has not run since the boot."""
    small = fleet(THREE)
    texts = {file.path: file.content for file in small.files}
    texts[f"{UNITS}/quantum-job.service"] = (
        f"{MARK}[Unit]\nDescription=job\n[Service]\nType=oneshot\nExecStart=/bin/true\n".encode()
    )
    texts[f"{UNITS}/quantum-job.timer"] = (
        f"{MARK}[Unit]\nDescription=job\n[Timer]\n{schedule}\n[Install]\nWantedBy=timers.target\n".encode()
    )
    key, value = schedule.split("=")
    job = replace(small.services[0], name="job", unit="quantum-job.service", state=ServiceState.ON_TIMER, enabled=False)
    return desired(*small.services, job, *small.targets, replace(timer("job"), schedule=((key, value),)), texts=texts)


def test_a_timer_without_a_next_run_is_taken_back(ground: Ground) -> None:
    outcome = ground.deploy(with_timer("OnUnitActiveSec=1h"), deadline_s=5)
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.NOT_AS_DECLARED), said(outcome)
    assert "QT215" in said(outcome)
    again = ground.deploy(with_timer("OnCalendar=yearly"))
    assert ends(again) == (DeployStatus.DEPLOYED, None), said(again)
