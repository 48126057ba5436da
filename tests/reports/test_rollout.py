"""The report of a rollout: its totals, its rows, and what formats see of it; and the plans of several hosts."""

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from qtctl.api.plan import find_choices
from qtctl.cli.exits import Exit, choose_host_exit, decide
from qtctl.errors import InputError, Place
from qtctl.fleet.rollout import Ended, HostRun
from qtctl.formats import catalogue
from qtctl.model.plan import Choices, Plan, Refusal
from qtctl.model.rollout import HostEnd, OnFailure
from qtctl.plan.agreed import find_differences
from qtctl.plan.outcome import DeployStatus, Reason, ReasonKind
from qtctl.reports import plan_fleet, rollout
from qtctl.reports.plan import PlanConclusion, to_json
from qtctl.reports.plan_fleet_view import build_view as build_plan_view
from qtctl.reports.rollout_view import build_view
from tests.builders.desired import build_host
from tests.reports.golden import assert_golden
from tests.reports.test_deploy import DEPLOYED, FAILED, UNCHANGED
from tests.reports.test_plan import PLAN
from tests.reports.test_plan import report as planned_alone

LOST = Reason(ReasonKind.HOST_LOST, "web-4: no route to host", "see whether it is up")


def row(number: int, batch: int, end: HostEnd, code: int, **more: object) -> rollout.RolledHost:
    made = rollout.RolledHost(f"web-{number}", f"web-{number}", batch, end, code)
    return replace(made, **more)  # type: ignore[arg-type]


ROWS = (
    row(1, 0, HostEnd.UNCHANGED, 1, deploy=UNCHANGED),
    row(2, 1, HostEnd.ROLLED_BACK, 4, deploy=DEPLOYED, rollback=DEPLOYED),
    row(3, 1, HostEnd.FAILED, 5, deploy=FAILED, reason=FAILED.reason),
    row(4, 0, HostEnd.LEFT_OUT, 4, reason=LOST),
    *(row(number, 2, HostEnd.NOT_REACHED, 1) for number in range(5, 9)),
)
BATCHES = (("web-2", "web-3"), ("web-5", "web-6", "web-7", "web-8"))


def report(rows: tuple[rollout.RolledHost, ...] = ROWS) -> rollout.RolloutReport:
    return rollout.build_report(
        rows, BATCHES, fleet="shop", rollout="20261129T210000Z-1f2e3d", on_failure=OnFailure.BATCH,
        interrupted=False, exit_code=5,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["md"])
def test_the_ticket(name: str) -> None:
    text = catalogue.write_text(
        build_view(report(), {}, str, {each.address: lambda: Place("x") for each in ROWS}), name
    )
    assert_golden(f"rollout.{name}", text)


def test_totals_are_counted_from_the_hosts() -> None:
    document = json.loads(rollout.to_json(report()))
    assert document["totals"] == {
        "hosts": 8, "unchanged": 1, "deployed": 0, "rolled_back": 1, "restored": 0, "failed": 1, "refused": 0,
        "interrupted": 0, "left_out": 1, "not_reached": 4,
    }  # fmt: skip
    document["totals"]["deployed"] = 1
    with pytest.raises(ValidationError):
        rollout.RolloutReport.model_validate(document)


def test_every_host_is_judged_for_formats_of_findings() -> None:
    shown = build_view(report(), {}, str, {each.address: lambda: Place("x") for each in ROWS})
    assert shown.suites is not None
    assert [suite.name for suite in shown.suites()] == [each.address for each in ROWS]
    assert shown.findings is not None
    hosts = [each for each in shown.findings() if each.id == "rollout-host"]
    assert [each.outcome.value for each in hosts] == [
        "holds", "broken", "broken", "unknown", "unknown", "unknown", "unknown", "unknown",
    ]  # fmt: skip


ENDS = [
    (Ended.of(replace(DEPLOYED, status=DeployStatus.RESTORED)), None, Exit.REFUSED),
    (Ended.of(DEPLOYED), None, Exit.OK),
    (Ended.of(DEPLOYED), Ended.of(DEPLOYED), Exit.REFUSED),
    (Ended.of(DEPLOYED), Ended.of(FAILED), Exit.UNVERIFIED),
    (Ended.of(DEPLOYED), Ended(HostEnd.REFUSED), Exit.REFUSED),
    (Ended(HostEnd.FAILED), None, Exit.UNVERIFIED),
    (Ended(HostEnd.LEFT_OUT), None, Exit.REFUSED),
    (Ended(HostEnd.INTERRUPTED), None, Exit.INTERRUPTED),
    (Ended.of(UNCHANGED), None, Exit.FINDINGS),
    (None, None, Exit.FINDINGS),
]


@pytest.mark.parametrize(("deploy", "rollback", "code"), ENDS)
def test_the_exit_code_of_a_host(deploy: Ended | None, rollback: Ended | None, code: Exit) -> None:
    assert choose_host_exit(HostRun("h", 1, deploy, rollback)) is code


def test_an_interrupt_is_less_than_a_host_that_went_back() -> None:
    assert decide([Exit.INTERRUPTED, Exit.FINDINGS]) is Exit.INTERRUPTED
    assert decide([Exit.INTERRUPTED, Exit.REFUSED]) is Exit.REFUSED


REFUSED = Plan("web-3", (), (Refusal("/etc/x", "there is a directory", "move it away"),))
PLANS: dict[str, Plan | Reason] = {
    "web-1": PLAN, "web-2": replace(PLAN, host="web-2", machine="1" * 32), "web-3": REFUSED, "web-4": LOST,
    "web-5": Plan("web-5", ()),
}  # fmt: skip


def planned() -> plan_fleet.FleetPlanReport:
    names = {name: name for name in PLANS}
    return plan_fleet.build_report(
        PLANS, Choices(prune=True), (("web-1",), ("web-2",)), fleet="shop", hosts=names,
        registries=dict.fromkeys(names, "r"), nonce="0" * 32, exit_code=4,
    )  # fmt: skip


def test_plans_that_read_the_same_are_one() -> None:
    found = planned()
    assert [(plan.hosts, plan.conclusion.value) for plan in found.plans] == [
        (("web-1", "web-2"), "changes"),
        (("web-3",), "refused"),
        (("web-5",), "nothing-to-do"),
    ]
    assert [each.plan for each in found.hosts] == [
        found.plans[0].digest, found.plans[0].digest, found.plans[1].digest, None, found.plans[2].digest,
    ]  # fmt: skip
    made = {name: each for name, each in PLANS.items() if isinstance(each, Plan)}
    assert_golden("fleet-plan.md", catalogue.write_text(build_plan_view(found, made, verbose=False), "md"))


def test_each_host_is_held_to_its_own_plan() -> None:
    read = plan_fleet.read(plan_fleet.to_json(planned()), "x.plans")
    for name in ("web-1", "web-2"):
        found, plan = read.find(name), PLANS[name]
        assert found is not None
        assert isinstance(plan, Plan)
        choices = read.make_choices(found)
        assert choices.prune
        assert choices.expected is not None
        assert find_differences(choices.expected, plan) == ()
        assert find_differences(choices.expected, replace(plan, steps=plan.steps[1:])) != ()
    other = read.make_choices(read.hosts[0]).expected
    assert other is not None
    assert "another machine" in find_differences(other, replace(PLAN, machine="2" * 32))[0].reason


def test_what_is_no_such_document_is_refused() -> None:
    with pytest.raises(InputError, match="not the plans of several hosts"):
        plan_fleet.read('{"fleet": "x"}', "x.plans")
    document = json.loads(plan_fleet.to_json(planned()))
    document["hosts"][0]["conclusion"] = PlanConclusion.NOTHING
    with pytest.raises(InputError, match="do not fit"):
        plan_fleet.read(json.dumps(document), "x.plans")


def test_a_host_alone_finds_its_plan_among_those_of_several() -> None:
    text = plan_fleet.to_json(planned())
    assert plan_fleet.is_of_fleet(text)
    assert not plan_fleet.is_of_fleet(to_json(planned_alone()))
    assert not plan_fleet.is_of_fleet("[1")
    wanted = build_host(fleet="shop", host="web-1")
    refused = {"web-9": "no plan for web-9 of shop is among these", "web-1": "the registry has changed since"}
    for target, what in refused.items():
        with pytest.raises(InputError, match=what):
            find_choices(plan_fleet.read(text, "x.plans"), target, wanted, "x.plans")
