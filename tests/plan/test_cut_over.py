"""Which containers a cut-over stops, where in the plan, and what forbids it; and what is read of docker's answer."""

import json
from dataclasses import replace

import pytest

from qtctl.apply.containers import SHAPE, parse_containers
from qtctl.model.container import RunningContainer
from qtctl.model.desired import Desired
from qtctl.model.desired_container import LeftContainer
from qtctl.model.origin import Origin
from qtctl.model.plan import Plan, Step, StepKind
from qtctl.model.states import ServiceState
from qtctl.plan.cut_over import cut_over, list_left_services
from tests.builders.planned import desired, service, target

ID, OTHER = "a" * 64, "b" * 64
API = RunningContainer(ID, "shop-api-1", "api", "shop", ports=("8001/tcp",))
RELOAD, START = Step(StepKind.RELOAD, "systemd", "r"), Step(StepKind.START, "quantum-a.service", "s")
PLAN = Plan("h1", (RELOAD, START))


def fleet(*to: str, state: ServiceState = ServiceState.RUNNING) -> Desired:
    left = LeftContainer("api", "mapped", to, ("8001/tcp",), Origin("legacy/compose.toml", ("services", "api")))
    return replace(desired(service("a", state), target()), left_containers=(left,))


def kinds(planned: Plan) -> list[StepKind]:
    return [step.kind for step in planned.steps]


def test_the_container_is_stopped_last_before_anything_is_started() -> None:
    planned = cut_over(fleet("a"), PLAN, (API,))
    assert kinds(planned) == [StepKind.RELOAD, StepKind.STOP_CONTAINER, StepKind.START]
    step = planned.steps[1]
    assert (step.subject, step.seen, step.frees) == ("shop-api-1", ID, ("8001/tcp",))
    assert step.reason == "quantum-a.service takes over from compose service api"


def test_all_containers_of_a_service_stop() -> None:
    planned = cut_over(fleet("a"), Plan("h1", ()), (API, replace(API, id=OTHER, name="shop-api-2")))
    assert kinds(planned) == [StepKind.STOP_CONTAINER] * 2


@pytest.mark.parametrize(
    "those",
    [fleet("other"), fleet("a", state=ServiceState.STOPPED), fleet()],
    ids=["another host's unit", "a unit that is to be stopped", "nothing takes over"],
)
def test_a_container_that_no_running_unit_takes_over_from_stays(those: Desired) -> None:
    assert list_left_services(those) == {}
    assert cut_over(those, PLAN, (API,)) == PLAN


def test_containers_of_other_services_are_left_alone() -> None:
    assert cut_over(fleet("a"), PLAN, (replace(API, service="db", name="shop-db-1", restart="always"),)) == PLAN


OBSTACLES: dict[str, tuple[tuple[RunningContainer, ...] | str, str]] = {
    "comes back": ((replace(API, restart="always"),), "docker update --restart=unless-stopped shop-api-1"),
    "goes away": ((replace(API, auto_remove=True),), "start it without --rm, or stop it by hand"),
    "of a swarm": ((replace(API, swarm="stack_api"),), "docker service rm stack_api"),
    "paused": ((replace(API, status="paused"),), "docker unpause shop-api-1"),
    "two projects": ((API, replace(API, id=OTHER, project="test")), "stop those that are not meant"),
    "only its name": ((replace(API, service="", name="my_api_1"),), "docker stop my_api_1"),
    "only its port": ((replace(API, service="", name="x"),), "docker stop x"),
    "not known": ("no answer in 10 s", "without --cut-over, containers are neither listed"),
}


@pytest.mark.parametrize("case", OBSTACLES)
def test_what_is_not_certain_is_refused(case: str) -> None:
    running, hint = OBSTACLES[case]
    planned = cut_over(fleet("a"), PLAN, running)
    assert planned.steps == ()
    assert hint in planned.refusals[0].hint


def test_a_plan_that_is_refused_stays_so() -> None:
    refused = cut_over(fleet("a"), PLAN, "no docker")
    assert cut_over(fleet("a"), refused, (API,)) == refused


def test_each_field_of_the_shape_is_read() -> None:
    said = {
        "id": ID, "name": "/shop-api-1", "service": "api", "project": "shop", "swarm": "", "status": "running",
        "restart": "unless-stopped", "auto_remove": False,
        "ports": {"8000/tcp": [{"HostIp": ip, "HostPort": "8001"} for ip in ("127.0.0.1", "::1")], "9/udp": None},
    }  # fmt: skip
    assert set(said) == set(json.loads(_filled(SHAPE)))
    found = parse_containers(json.dumps(said).encode())
    assert found == (replace(API, restart="unless-stopped"),)


def _filled(shape: str) -> str:
    while "{{" in shape:
        shape = shape[: shape.index("{{")] + "0" + shape[shape.index("}}") + 2 :]
    return shape


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "{}", '{"id": 5}', "null", json.dumps({"id": "a"}), "[" * 100_000,
     json.dumps({"id": ID, "name": "/x; rm", "service": "", "project": "", "swarm": "", "status": "", "restart": "",
                 "auto_remove": False, "ports": {}}),
     json.dumps({"id": "-f", "name": "/x", "service": "", "project": "", "swarm": "", "status": "", "restart": "",
                 "auto_remove": False, "ports": {}})],
)  # fmt: skip
def test_what_docker_cannot_have_said_stops_nothing(line: str) -> None:
    assert parse_containers(line.encode()) == "what docker inspect says cannot be read"
