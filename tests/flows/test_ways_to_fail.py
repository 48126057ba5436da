"""Every way to fail: the exit code and the message of a deploy, compared with what the host really has afterwards.

The normal run has a few of them. QTCTL_WAYS=all runs all: a few minutes.
"""

import os
import re
from collections.abc import Iterator

import pytest

from qtctl.cli.exits import choose_deploy_exit
from qtctl.model.events import Event, Stage
from qtctl.model.plan import Plan
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from tests.crash.fleet import LEFT, LOOK
from tests.flows.ground import THREE, Ground, fleet, quiet, said
from tests.flows.ways import WAYS, Host, Moment, Way

pytestmark = pytest.mark.lab

CORE = ("a unit is disabled while it is watched",)
STAGES = {Moment.APPLIED: Stage.CHANGE, Moment.WATCHED: Stage.VERIFY}


@pytest.fixture
def way(request: pytest.FixtureRequest, ground: Ground) -> Iterator[Way]:
    if request.param not in CORE and os.environ.get("QTCTL_WAYS") != "all":
        pytest.skip("QTCTL_WAYS=all runs every way to fail")
    chosen = WAYS[request.param]
    yield chosen
    if chosen.undoes:
        ground.run(chosen.undoes)
    ground.settle()
    ground.deploy(fleet(THREE), take_over=True)


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_it_ends_as_it_says(ground: Ground, way: Way) -> None:
    ready = ground.deploy(fleet(THREE), deadline_s=60)
    assert ready.status in (DeployStatus.UNCHANGED, DeployStatus.DEPLOYED), said(ready)
    before, left = ground.run(LOOK), left_of(ground)
    outcome = cut_in(ground, way)
    told = said(outcome)
    assert (outcome.status, choose_deploy_exit(outcome)) == way.ends, told
    if way.kind is not None:
        assert outcome.reason is not None
        assert outcome.reason.kind is way.kind, told
    for pattern in way.says:
        assert re.search(pattern, told), (pattern, told)
    if way.kept:
        ground.run(way.kept)
    ground.settle()
    assert left_of(ground) == left
    check_host(ground, way, before, outcome)


def left_of(ground: Ground) -> str:
    """What a deploy leaves besides what it should: in other tests' folders nothing of it."""
    return "\n".join(line for line in ground.run(LEFT).splitlines() if not line.startswith("holder.service"))


def cut_in(ground: Ground, way: Way) -> DeployOutcome:
    happened: list[Moment] = []

    def happen(moment: Moment) -> None:
        if moment is way.moment and not happened:
            happened.append(moment)
            ground.run(way.does or "true")

    def asked(_planned: Plan) -> bool:
        happen(Moment.ASKED)
        return True

    def progress(event: Event) -> None:
        for moment, stage in STAGES.items():
            if event.stage is stage:
                happen(moment)
        quiet(event)

    happen(Moment.BEFORE)
    outcome = ground.deploy(way.wanted, asked, progress=progress, steady_s=way.steady_s, deadline_s=way.deadline_s)
    assert happened, f"{way.moment} did not come"
    return outcome


def check_host(ground: Ground, way: Way, before: str, outcome: DeployOutcome) -> None:
    if way.host is Host.OLD:
        now = ground.run(LOOK)
        assert [line for line in now.splitlines() if "holder.service" not in line] == before.splitlines()
    elif way.host is Host.NEW:
        assert ground.deploy(way.wanted).status is DeployStatus.UNCHANGED
    assert not outcome.worse
