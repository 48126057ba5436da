"""Every way to fail: the exit code and the message of a deploy, compared with what the host really has afterwards.

The normal run has a few of them. QTCTL_WAYS=all runs all: a few minutes.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from qtctl.cli.exits import choose_deploy_exit, choose_error_exit
from qtctl.errors import DeployRefused
from qtctl.lab import disk
from qtctl.model.events import Event, Stage
from qtctl.model.plan import Plan
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from tests.builders.planned import UNITS
from tests.crash.fleet import LEFT, LOOK, STRAY
from tests.flows.ground import NAME, THREE, Ground, fleet, quiet, said
from tests.flows.ways import BEFORE_THE_PLAN, MAY, NIGHTLY, OTHER, REFUSED, WAYS, Host, Moment, Way

pytestmark = pytest.mark.lab

CORE = ("a unit is disabled while it is watched",)
REST_S = 20.0
RELOAD, RUNS = "a reload is missing", "a script still runs"
STAGES = {Moment.APPLIED: (Stage.CHANGE, Stage.VERIFY), Moment.WATCHED: (Stage.VERIFY,)}
"""Quick steps are done before anything is told of them."""


@pytest.fixture
def way(request: pytest.FixtureRequest, ground: Ground) -> Iterator[Way]:
    if request.param not in CORE and os.environ.get("QTCTL_WAYS") != "all":
        pytest.skip("QTCTL_WAYS=all runs every way to fail")
    chosen = WAYS[request.param]
    yield chosen
    run_outside(chosen.undoes_outside)
    if chosen.undoes:
        ground.run(chosen.undoes)
    ground.settle()
    ground.deploy(fleet(THREE), take_over=True)


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_it_ends_as_it_says(ground: Ground, way: Way) -> None:
    ground.run(f"touch {MAY}")
    ready = ground.deploy(way.ready, deadline_s=60)
    assert ready.status in (DeployStatus.UNCHANGED, DeployStatus.DEPLOYED), said(ready)
    before, left = ground.run(LOOK), await_idle(ground)
    outcome = cut_in(ground, way)
    told = "\n".join((said(outcome), *outcome.warnings))
    assert (outcome.status, choose_deploy_exit(outcome)) == way.ends, told
    if way.kind is not None:
        assert outcome.reason is not None
        assert outcome.reason.kind is way.kind, told
    for pattern in way.says:
        assert re.search(pattern, told), (pattern, told)
    if way.kept:
        ground.run(way.kept)
    if way.host is not Host.BROKEN:
        ground.settle()
        assert await_rest(ground, way, left) == left
    check_host(ground, way, before, outcome)


def left_of(ground: Ground) -> set[str]:
    """What a deploy leaves besides what it should, and every path where something could be left."""
    return {line for line in ground.run(f"{LEFT}{STRAY}").splitlines() if not line.startswith("holder.service")}


def await_idle(ground: Ground) -> set[str]:
    """The same, once what was deployed last has ended."""
    until = time.monotonic() + REST_S
    while RUNS in (left := left_of(ground)) and time.monotonic() < until:
        time.sleep(0.2)
    return left


def await_rest(ground: Ground, way: Way, left: set[str]) -> set[str]:
    """What is left once that is as before, or does not change; without what the way itself does."""
    until = time.monotonic() + REST_S
    while True:
        now = {line for line in left_of(ground) ^ left if not is_of_way(way, line)} ^ left
        if now == left or time.monotonic() > until:
            return now
        time.sleep(0.3)


def is_of_way(way: Way, line: str) -> bool:
    """Whether it comes of what the way does, or of a job that it has. Ways keep things in /root."""
    if line == RELOAD:
        return way.ends == REFUSED and UNITS in way.does
    named = re.findall(r"(?:/[\w.@-]+){2,}", f"{way.does} {way.kept}")
    named += [f"/run/systemd/transient/{unit}.service" for unit in re.findall(r"--unit=(\w+)", way.does)]
    path = line.startswith("/root/") or any(f"{line}/".startswith(f"{each}/") for each in named)
    return path or " quantum-t.service " in line or line == NIGHTLY


def run_outside(script: str) -> None:
    """On this machine, as the machine's own root: a host cannot make its files immutable."""
    if script:
        subprocess.run(("sh", "-c", script.format(root=disk.locate_root(NAME))), check=True)


def cut_in(ground: Ground, way: Way) -> DeployOutcome:
    happened: list[Moment] = []

    def happen(moment: Moment) -> None:
        if moment is way.moment and not happened:
            happened.append(moment)
            run_outside(way.outside)
            ground.run(way.does or "true")

    def asked(_planned: Plan) -> bool:
        happen(Moment.ASKED)
        return True

    def progress(event: Event) -> None:
        for moment, stages in STAGES.items():
            if event.stage in stages:
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
    elif way.host is Host.BROKEN:
        again = ground.deploy(way.ready)
        assert again.status is DeployStatus.REFUSED, said(again)
        return
    assert not outcome.worse


def end_of(ground: Ground) -> tuple[int, str]:
    """The exit code of a deploy, and what it says."""
    try:
        outcome = ground.deploy(OTHER)
    except DeployRefused as error:
        return choose_error_exit(error), f"{error}\n{error.hint}"
    return choose_deploy_exit(outcome), said(outcome)


@pytest.mark.parametrize("way", BEFORE_THE_PLAN)
def test_without_a_plan_nothing_is_changed(ground: Ground, way: str) -> None:
    if os.environ.get("QTCTL_WAYS") != "all":
        pytest.skip("QTCTL_WAYS=all runs every way to fail")
    refused = BEFORE_THE_PLAN[way]
    before = ground.run(LOOK)
    ground.run(refused.does)
    try:
        code, told = end_of(ground)
        assert code == refused.exit_code
        assert re.search(refused.says, told), told
    finally:
        ground.run(refused.undoes)
    assert ground.run(LOOK) == before
