"""What a host is sent, and what is made of its answers, whatever it says."""

import json
from dataclasses import dataclass, field
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.control.carry_out import carry_out
from qtctl.control.request import describe_why, make_request, read_answer
from qtctl.errors import HostError, Refused
from qtctl.interfaces.host import BusReply, Completed, Host, QueueJobs
from qtctl.model.control import (
    Contradiction,
    ControlPlan,
    ControlRequest,
    ControlStatus,
    ControlVerb,
    JobEnd,
    UnitState,
)
from qtctl.model.plan import Dragged, Effect
from qtctl.remote.request import Request

A, B = "shop-a.service", "shop-b.service"
JOB = "/org/freedesktop/systemd1/job/"
PLAN = ControlPlan(
    "web-1",
    ControlRequest(ControlVerb.RESTART, (A,), reason="slow"),
    ((A,),),
    (Dragged(B, Effect.RESTARTS, f"Requires={A}", declared=True),),
    before=(UnitState(A, "active", "running"), UnitState(B, "active", "running")),
)


def queued(unit: str, number: int, *others: tuple[str, int], kind: str = "restart") -> str:
    rows = [[each, f"{JOB}{each}", name, "/org/x", kind] for name, each in others]
    data = [number, f"{JOB}{number}", unit, "/org/x", kind, rows]
    return f"qtctl queued {unit} {json.dumps({'type': 'uosos a(uosos)', 'data': data})}\n"


def test_a_request_has_the_units_and_who_asks() -> None:
    request = make_request(PLAN, {"by": "ann@desk"})
    assert request.data.decode().split("\n") == [
        "restart", "0", "slow", '"by":"ann@desk"', "DEPLOY_BY=ann@desk", "", A,
    ]  # fmt: skip
    assert request.script.endswith(f"control_units {A}\n")


def test_why_names_what_the_registry_says_and_the_reason_in_one_line() -> None:
    against = (Contradiction(A, "the registry declares it running"),)
    plan = ControlPlan("h", ControlRequest(ControlVerb.STOP, (A,), reason="a\nb\x1b[31m"), ((A,),), (), against)
    assert describe_why(plan) == f"a b [31m. contradicts the registry: the registry declares it running: {A}"
    rows = make_request(plan, {}).data.split(b"\n")
    assert rows[2] == describe_why(plan).encode()


def test_answers() -> None:
    answer = read_answer(
        (
            queued(A, 7, (B, 8)) + f"qtctl refused {B} Call failed: Unit {B} is masked.\nqtctl warning the trail\n"
        ).encode()
    )
    assert answer.units[A].jobs == {f"{JOB}7": A, f"{JOB}8": B}
    assert answer.units[B].refused == f"Unit {B} is masked."
    assert answer.warnings == ("the trail",)


HOSTILE = {
    "no JSON": f"qtctl queued {A} {{}}",
    "another shape": f'qtctl queued {A} {{"data": 3}}',
    "too short": f'qtctl queued {A} {{"data": [1, "{JOB}1"]}}',
    "a path that is none": f'qtctl queued {A} {{"data": [1, "/etc/passwd", "{A}", "/", "start", []]}}',
    "rows that are none": f'qtctl queued {A} {{"data": [1, "{JOB}1", "{A}", "/", "start", [1, 2]]}}',
    "deep": f"qtctl queued {A} {{" + '"data":[' * 5000 + "}",
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_an_answer_in_another_form_is_no_job(line: str) -> None:
    assert [each.jobs for each in read_answer(line.encode()).units.values()] == [{}]
    assert all(each.refused for each in read_answer(line.encode()).units.values())


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer(data: bytes) -> None:
    read_answer(b"qtctl " + data)
    assert not any(map(str.isspace, "".join(read_answer(b"qtctl stopped " + data).stopped.split())))


@dataclass
class FakeBus:
    """A bus that is in no test's way: what it does with real jobs, tests on hosts show."""

    ends: dict[str, str]
    states: dict[str, str] = field(default_factory=dict)
    breaks: bool = False

    def follow_jobs(self, queue: QueueJobs, _deadline_s: float) -> dict[str, tuple[str, str]]:
        jobs = queue()
        if self.breaks:
            raise HostError("no system bus: it closed the connection", host="web-1")
        return {job: ("x", self.ends[job]) for job in jobs if job in self.ends}

    def call(self, calls: list[object], _deadline_s: float) -> list[BusReply]:
        names = cast("tuple[list[str]]", calls[0].body)[0]  # type: ignore[attr-defined]
        rows = [(n, "", "loaded", self.states.get(n, "active"), "x", "", "/", 0, "", "/") for n in names]
        return [BusReply((rows,))]


@dataclass
class FakeHost:
    bus_: FakeBus
    out: str
    refuses: bool = False
    address: str = "web-1"
    sent: list[Request] = field(default_factory=list)

    def bus(self) -> FakeBus:
        return self.bus_

    def start(self, script: Request, *, root: bool = False) -> "FakeHost":
        assert root
        if self.refuses:
            raise Refused("not root", host="web-1")
        self.sent.append(script)
        return self

    def finish(self, _deadline_s: float) -> Completed:
        return Completed(0, self.out.encode(), b"qtctl-helper: it said no", 0, 0)


def run(out: str, bus: FakeBus, *, refuses: bool = False) -> "list[tuple[str, JobEnd]] | ControlStatus":
    outcome = carry_out(cast("Host", FakeHost(bus, out, refuses)), PLAN, {}, deadline_s=1)
    return outcome.status if not outcome.results else [(each.unit, each.end) for each in outcome.results]


def test_each_unit_has_the_end_of_its_own_job() -> None:
    both = queued(A, 7, (B, 8))
    assert run(both, FakeBus({f"{JOB}7": "done", f"{JOB}8": "failed"})) == [(A, JobEnd.DONE), (B, JobEnd.FAILED)]
    assert run(both, FakeBus({f"{JOB}7": "dependency", f"{JOB}8": "skipped"})) == [
        (A, JobEnd.DEPENDENCY),
        (B, JobEnd.SKIPPED),
    ]
    assert run(both, FakeBus({f"{JOB}7": "a word of tomorrow"})) == [(A, JobEnd.UNKNOWN), (B, JobEnd.UNKNOWN)]


def test_what_goes_along_unforeseen_is_reported_too() -> None:
    found = run(queued(A, 7, ("shop-c.service", 9)), FakeBus({f"{JOB}7": "done", f"{JOB}9": "done"}))
    assert ("shop-c.service", JobEnd.DONE) in found


def test_a_unit_that_was_foreseen_without_a_job_is_judged_by_its_state() -> None:
    assert run(queued(A, 7), FakeBus({f"{JOB}7": "done"}, {B: "failed"})) == [(A, JobEnd.DONE), (B, JobEnd.FAILED)]


def test_nothing_was_done_is_told_from_nobody_knows() -> None:
    assert run("qtctl stopped a deploy is under way on the host (applying)\n", FakeBus({})) is ControlStatus.REFUSED
    assert run("", FakeBus({})) is ControlStatus.REFUSED
    assert run(queued(A, 7), FakeBus({}, breaks=True)) == [(A, JobEnd.UNKNOWN)]
    with pytest.raises(Refused):
        run("", FakeBus({}), refuses=True)


@pytest.mark.parametrize(
    ("active", "end"), [("inactive", JobEnd.SKIPPED), ("failed", JobEnd.REFUSED), ("", JobEnd.REFUSED)]
)
def test_a_unit_that_has_not_failed_needs_no_reset(active: str, end: JobEnd) -> None:
    """Systemd refuses it if it does not hold the unit in memory."""
    request = ControlRequest(ControlVerb.RESET_FAILED, (A,))
    plan = ControlPlan("web-1", request, ((A,),), before=(UnitState(A, active, "dead"),))
    host = FakeHost(FakeBus({}, {A: active}), f"qtctl refused {A} Call failed: Unit {A} not loaded.\n")
    (result,) = carry_out(cast("Host", host), plan, {}, deadline_s=1).results
    assert (result.end, result.end.good) == (end, end is JobEnd.SKIPPED)
