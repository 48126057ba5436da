"""A container hands its port over to a unit on a real host, with a stand-in for Docker, and gets it back on failure."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.flows.deploy import deploy
from qtctl.model.desired import Desired
from qtctl.model.desired_container import LeftContainer
from qtctl.model.origin import Origin
from qtctl.model.plan import Choices, StepKind, StepStatus
from qtctl.plan.outcome import DeployOutcome, DeployStatus, ReasonKind
from tests.builders.planned import UNITS
from tests.flows.ground import MARK, PORT, SERVE, SLEEP, THREE, Ground, became, ends, fleet, quiet, said, steps
from tests.flows.standin_docker import REMOVE, container, install_script

pytestmark = pytest.mark.lab
more = pytest.mark.skipif(
    not os.environ.get("QTCTL_CUT_OVER"), reason="QTCTL_CUT_OVER=1 tries every way in which a cut-over can end"
)

LEFT = LeftContainer("api", "mapped", ("d",), ("18080/tcp",), Origin("legacy/docker-compose.toml", ("services", "api")))
STOP = (StepKind.STOP_CONTAINER, "shop-api-1")
STOPPING = """grep -q '"StopAt": [1-9]' /var/lib/standin-docker/*.json"""
KILL = "systemctl kill --kill-whom=all -s KILL 'qtctl-deploy-*.service'"
HOLDER = "ss -Hltn --cgroup 'sport = :18080' | grep -o 'cgroup:.*'"


def wanted(command: str = SERVE) -> Desired:
    """Service d listens where container shop-api-1 does."""
    return replace(fleet({**THREE, "d": command}, ports={"d": PORT}), left_containers=(LEFT,))


def cut_over(
    ground: Ground, desired: Desired, *, on: bool = True, prune: bool = False, deadline_s: float = 15
) -> DeployOutcome:
    return deploy(
        ground.connect,
        desired,
        SystemClock(),
        choices=Choices(cut_over=on, prune=prune),
        confirm=lambda _: True,
        progress=quiet,
        deadline_s=deadline_s,
        steady_s=1,
    )


@pytest.fixture
def docker(ground: Ground) -> Iterator[Ground]:
    yield ground
    ground.run(REMOVE)
    pruned = cut_over(ground, fleet(THREE), prune=True)
    assert pruned.status in (DeployStatus.DEPLOYED, DeployStatus.UNCHANGED), said(pruned)
    assert ground.run("ls /etc/quantum /etc/systemd/system | grep -e '^d.env' -e quantum-d || :") == ""


def put(ground: Ground, **more: object) -> None:
    ground.run(install_script([container("shop-api-1", 1, "api", **more)]))


def test_the_container_stops_the_unit_starts_and_the_plan_says_so(docker: Ground) -> None:
    put(docker)
    refused = cut_over(docker, wanted(), on=False)
    assert ends(refused) == (DeployStatus.REFUSED, ReasonKind.IN_THE_WAY)
    assert "--cut-over stops its container" in said(refused)
    outcome = cut_over(docker, wanted())
    assert outcome.status is DeployStatus.DEPLOYED, said(outcome)
    order = [kind for kind, _ in steps(outcome)]
    assert order.index(StepKind.RELOAD) < order.index(StepKind.STOP_CONTAINER) < order.index(StepKind.START)
    assert became(outcome)[STOP] is StepStatus.DONE
    assert "quantum-d.service" in docker.run(HOLDER)
    docker.run("systemctl restart docker.service; sleep 0.3")
    assert "quantum-d.service" in docker.run(HOLDER), "Docker must not start it again"
    again = cut_over(docker, wanted())
    assert again.status is DeployStatus.UNCHANGED


@more
def test_a_unit_that_does_not_come_up_hands_the_port_back(docker: Ground) -> None:
    put(docker)
    before = docker.contents()
    outcome = cut_over(docker, wanted(SLEEP), deadline_s=4)
    assert outcome.status is DeployStatus.RESTORED, said(outcome)
    assert "docker.service" in docker.run(HOLDER)
    assert docker.contents() == before
    assert docker.run("ls -A /var/lib/qtctl/tx") == ""


@more
def test_a_unit_that_was_failing_before_does_not_keep_the_port(docker: Ground) -> None:
    """It holds the port by the time that the container comes back, and another unit is why the host goes back."""
    put(docker)
    path = f"{UNITS}/quantum-d.service"
    docker.run(f"printf '{MARK}[Service]\nExecStart=/usr/bin/false\n' >{path}; systemctl start quantum-d; sleep 0.3")
    assert docker.run("systemctl show -P ActiveState quantum-d").strip() == "failed"
    bad = fleet({**THREE, "c": "/usr/bin/false", "d": SERVE}, ports={"d": PORT})
    outcome = cut_over(docker, replace(bad, left_containers=(LEFT,)), deadline_s=4)
    assert outcome.status is DeployStatus.RESTORED, said(outcome)
    assert "docker.service" in docker.run(HOLDER)


def test_a_container_that_does_not_stop_is_a_clear_failure(docker: Ground) -> None:
    put(docker, stubborn=True)
    outcome = cut_over(docker, wanted())
    assert outcome.status is DeployStatus.RESTORED, said(outcome)
    assert became(outcome)[STOP] is StepStatus.FAILED
    assert "did not receive an exit event" in said(outcome)
    assert "docker.service" in docker.run(HOLDER)


@more
def test_a_stop_that_docker_goes_on_with_does_not_come_after_the_way_back(docker: Ground) -> None:
    """All that carries out the deploy on the host is killed while `docker stop` waits."""
    put(docker, patience=4)
    killed: list[str] = []

    def kill(event: object) -> None:
        if "steps done" in str(event) and not killed:
            killed.append(docker.run(f"for i in $(seq 200); do {STOPPING} && break; sleep 0.02; done; {KILL}"))

    outcome = deploy(
        docker.connect, wanted(), SystemClock(), choices=Choices(cut_over=True), confirm=lambda _: True,
        progress=kill, deadline_s=15, steady_s=1,
    )  # fmt: skip
    docker.settle()
    docker.run("sleep 4")
    assert "docker.service" in docker.run(HOLDER)
    assert outcome.status is DeployStatus.RESTORED, said(outcome)


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "comes back by itself": ({"restart": "always"}, "its restart policy is always"),
    "is gone once it is stopped": ({"remove": True}, "started with --rm"),
    "is of a swarm": ({"labels": {"com.docker.swarm.service.name": "api"}}, "a swarm runs it"),
    "is paused": ({"status": "paused"}, "it is paused"),
}


@more
@pytest.mark.parametrize("case", REFUSED)
def test_a_container_that_would_not_stay_stopped_or_not_come_back_is_refused(docker: Ground, case: str) -> None:
    more, why = REFUSED[case]
    put(docker, **more)
    before = docker.files()
    outcome = cut_over(docker, wanted())
    assert ends(outcome) == (DeployStatus.REFUSED, ReasonKind.IN_THE_WAY)
    assert why in said(outcome)
    assert docker.files() == before
    assert "docker.service" in docker.run(HOLDER)


@more
def test_a_container_that_compose_did_not_make_is_refused(docker: Ground) -> None:
    docker.run(install_script([container("api", 2, "")]))
    outcome = cut_over(docker, wanted())
    assert ends(outcome) == (DeployStatus.REFUSED, ReasonKind.IN_THE_WAY)
    assert "has no label of compose service api" in said(outcome)


@more
def test_no_docker_and_a_docker_that_does_not_answer(docker: Ground) -> None:
    outcome = cut_over(docker, wanted())
    assert "its containers could not be listed: docker is not installed" in said(outcome)
    put(docker)
    docker.run("systemctl stop docker.service")
    outcome = cut_over(docker, wanted())
    assert ends(outcome) == (DeployStatus.REFUSED, ReasonKind.IN_THE_WAY)
    assert "Cannot connect to the Docker daemon" in said(outcome)
