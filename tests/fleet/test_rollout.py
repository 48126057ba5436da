"""The order of a rollout, without hosts: what is begun, what stops it, and what is rolled back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from qtctl.engines.child_process import WorkerEnded
from qtctl.engines.inline import Inline
from qtctl.fleet.rollout import Ended, Rollout
from qtctl.model.plan import Plan
from qtctl.model.rollout import HostEnd, OnFailure
from qtctl.plan.outcome import DeployOutcome, DeployStatus

DEPLOYED, RESTORED, UNCHANGED = DeployStatus.DEPLOYED, DeployStatus.RESTORED, DeployStatus.UNCHANGED
BATCHES = (("a",), ("b", "c", "d"), ("e", "f"))
EVERY = "abcdef"


@dataclass
class World:
    """`fate`: how the deploy of each host ends; an exception is raised. What was called is in `deployed`, `undone`."""

    fate: dict[str, DeployStatus | Exception] = field(default_factory=dict)
    undoing: dict[str, DeployStatus] = field(default_factory=dict)
    deployed: list[str] = field(default_factory=list)
    undone: list[tuple[str, int]] = field(default_factory=list)
    interrupted: int = 0
    interrupt_at: str = ""

    def deploy(self, host: str) -> Ended:
        self.deployed.append(host)
        if host == self.interrupt_at:
            self.interrupted = 1
        status = self.fate.get(host, DEPLOYED)
        if isinstance(status, Exception):
            raise status
        return Ended.of(DeployOutcome(plan=Plan(host, ()), status=status, generation=7))

    def roll_back(self, host: str, number: int) -> Ended:
        self.undone.append((host, number))
        return Ended.of(DeployOutcome(plan=Plan(host, ()), status=self.undoing.get(host, DEPLOYED)))

    def run(
        self, on_failure: OnFailure = OnFailure.HOST, *, at_once: int = 1, unchanged: tuple[str, ...] = ()
    ) -> dict[str, HostEnd]:
        work = {host: host for host in (*unchanged, *EVERY)}
        runner = Rollout(Inline(), work, self.deploy, self.roll_back, at_once, on_failure, lambda: self.interrupted)
        return {run.host: run.end for run in runner.run(unchanged, BATCHES)}


def ends(**found: HostEnd) -> dict[str, HostEnd]:
    return {host: found.get(host, HostEnd.NOT_REACHED) for host in EVERY}


D, R, N = HostEnd.DEPLOYED, HostEnd.RESTORED, HostEnd.ROLLED_BACK


def test_all_hosts_batch_by_batch() -> None:
    world = World()
    assert world.run() == dict.fromkeys(EVERY, D)
    assert world.deployed == list(EVERY)
    assert world.undone == []


CASES = [
    (OnFailure.HOST, ends(a=D, b=D, c=R), []),
    (OnFailure.BATCH, ends(a=D, b=N, c=R), ["b"]),
    (OnFailure.ALL, ends(a=N, b=N, c=R), ["a", "b"]),
]


@pytest.mark.parametrize(("on_failure", "expected", "undone"), CASES)
def test_the_first_failure_ends_it(on_failure: OnFailure, expected: dict[str, HostEnd], undone: list[str]) -> None:
    world = World({"c": RESTORED})
    assert world.run(on_failure) == expected
    assert world.undone == [(host, 7) for host in undone]
    assert "d" not in world.deployed


def test_the_canary_costs_one_host() -> None:
    assert World({"a": RESTORED}).run(OnFailure.ALL) == ends(a=R)


@pytest.mark.parametrize("status", [DeployStatus.REFUSED, DeployStatus.INTERRUPTED])
def test_a_host_that_was_not_touched_ends_it_and_rolls_nothing_back(status: DeployStatus) -> None:
    world = World({"c": status})
    found = world.run(OnFailure.ALL)
    assert (found["b"], found["d"]) == (D, HostEnd.NOT_REACHED)
    assert world.undone == []


@pytest.mark.parametrize("error", [WorkerEnded("gone"), TimeoutError(), RuntimeError("a bug")])
def test_a_lost_worker_leaves_its_host_unverified(error: Exception) -> None:
    world = World({"c": error})
    assert world.run(OnFailure.BATCH) == ends(a=D, b=N, c=HostEnd.FAILED)


def test_a_rollback_that_fails_is_told() -> None:
    world = World({"c": RESTORED}, undoing={"a": DeployStatus.REFUSED, "b": DeployStatus.FAILED})
    assert world.run(OnFailure.ALL) == ends(a=D, b=HostEnd.FAILED, c=R)


def test_an_interrupt_begins_no_further_host_and_rolls_nothing_back() -> None:
    world = World({"c": RESTORED}, interrupt_at="c")
    assert world.run(OnFailure.ALL) == ends(a=D, b=D, c=R)
    assert world.undone == []


def test_hosts_without_changes_come_first_and_must_be_as_declared() -> None:
    world = World({"x": UNCHANGED})
    assert world.run(unchanged=("x",)) == {"x": HostEnd.UNCHANGED, **dict.fromkeys(EVERY, D)}
    assert world.deployed[0] == "x"


def test_at_most_so_many_at_once() -> None:
    running, most = set[str](), list[int]()

    def deploy(host: str) -> Ended:
        running.add(host)
        most.append(len(running))
        running.discard(host)
        return Ended.of(DeployOutcome(plan=Plan(host, ()), status=DEPLOYED, generation=1))

    hosts = [str(number) for number in range(20)]
    with ThreadPoolExecutor(20) as engine:
        runner = Rollout(engine, {host: host for host in hosts}, deploy, lambda *_: deploy(""), 3)
        found = runner.run((), [hosts])
    assert [run.host for run in found] == hosts
    assert {run.end for run in found} == {D}
    assert max(most) <= 3
