"""A host that is not the one that is meant is refused before anything else, and so is an empty registry."""

from dataclasses import replace

import pytest

from qtctl.errors import InputError
from qtctl.meaning.deploys import STATUS
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.desired import Desired
from qtctl.model.evidence import Item, State
from qtctl.model.fact import make_value
from qtctl.model.facts import Facts, HostBaseline
from qtctl.model.plan import Plan
from qtctl.plan.identity import make_deployable
from qtctl.plan.plan import plan
from tests.builders.planned import Ground, deployed, desired, service, target

SIMPLE = desired(service("a"), target())
HOST = HostBaseline("web-1", "o", "k", 1, [0.0], 1, 1, 1, 1, 1, "systemd 252", "t", "b", "1" * 32)


def status(state: str = "idle", **about: str) -> HostDeploys:
    watched = state in ("staged", "armed", "applying", "gating")
    return HostDeploys(state, 7, 6, 0, "ann@desk", watched, 3, rebooted=False, about=about, units={})


def plan_on(host: HostBaseline | None, wanted: Desired, ground: Ground | None = None) -> Plan:
    state = State.OBSERVED if host else State.REFUSED
    item = Item("host", "host", state, make_value(host) if host else None, None if host else "no shell", 1)
    facts = (ground or deployed(SIMPLE)).facts(wanted).merge(Facts([item]))
    return plan(wanted, facts, current={})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"expected_hostname": "web-1", "machine": "1" * 32}, ""),
        ({"expected_hostname": "web-2"}, "the host is called web-1, expected_hostname is web-2"),
        ({"machine": "2" * 32}, f"another machine than declared: {'1' * 32}, declared {'2' * 32}"),
    ],
)
def test_which_host_it_is(changes: dict[str, str], said: str) -> None:
    planned = plan_on(HOST, replace(SIMPLE, **changes))  # type: ignore[arg-type]
    assert [each.reason for each in planned.refusals] == ([said] if said else [])


def test_the_name_counts_before_what_is_to_be_done() -> None:
    """Of another host nothing else is said: what is on it is nobody's business."""
    planned = plan_on(HOST, replace(SIMPLE, expected_hostname="web-2"), Ground())
    assert (planned.steps, len(planned.refusals)) == ((), 1)


def test_a_host_that_does_not_say_is_unknown() -> None:
    planned = plan_on(None, replace(SIMPLE, expected_hostname="web-1"))
    assert [(each.unknown, each.subject) for each in planned.refusals] == [(True, "h1")]


def test_what_stands_in_for_a_host_is_another_machine() -> None:
    wanted = replace(SIMPLE, expected_hostname="web-2", machine="2" * 32)
    assert make_deployable(wanted, "h1") == wanted
    assert plan_on(HOST, make_deployable(wanted, "lab1")).refusals == ()


def test_a_machine_other_than_at_the_last_deploy_is_refused_unless_it_is_declared() -> None:
    ground = deployed(SIMPLE)
    ground.status = status(machine="1" * 32)
    assert plan_on(HOST, SIMPLE, ground).refusals == ()
    other = replace(HOST, machine="2" * 32)
    refused = plan_on(other, SIMPLE, ground).refusals
    assert [each.reason for each in refused] == [
        f"another machine than at its last deploy: its machine id was {'1' * 32}, now {'2' * 32}"
    ]
    assert f'machine = "{"2" * 32}"' in refused[0].hint
    assert plan_on(other, replace(SIMPLE, machine="2" * 32), ground).refusals == ()


@pytest.mark.parametrize(
    ("said", "reason", "hint", "holder"),
    [
        (status("broken"), "an earlier deploy, generation 7, could not be rolled back", "`qtctl recover", ""),
        (status("damaged"), "the record of a deploy in /var/lib/qtctl/tx is damaged", "`qtctl recover", ""),
        (status("gating"), "ann@desk is deploying to it now (generation 7, gating)", "wait", "ann@desk"),
        (status("restoring"), "ann@desk is deploying to it now (generation 7, restoring)", "wait", "ann@desk"),
        (replace(status("gating"), rebooted=True), "a deploy, generation 7, is stuck while gating", "`qtctl rec", ""),
        (replace(status("armed"), watched=False, age_s=60), "a deploy, generation 7, is stuck while armed", "`qt", ""),
    ],
)
def test_a_deploy_that_has_not_ended_is_in_the_way_also_where_nothing_changes(
    said: HostDeploys, reason: str, hint: str, holder: str
) -> None:
    ground = deployed(SIMPLE)
    ground.status = said
    (refused,) = plan_on(HOST, SIMPLE, ground).refusals
    assert (refused.reason, refused.unknown, refused.holder) == (reason, False, holder)
    assert hint in refused.hint


def test_a_status_that_cannot_be_read_is_in_the_way_and_a_staging_is_left_to_the_lock() -> None:
    ground = deployed(SIMPLE)
    ground.status = status("staged")
    assert plan_on(HOST, SIMPLE, ground).refusals == ()
    ground.unknown[STATUS] = State.UNPARSEABLE
    (refused,) = plan_on(HOST, SIMPLE, ground).refusals
    assert (refused.unknown, "status" in refused.hint) == (False, True)


def test_an_empty_fleet_is_an_error_of_the_registry() -> None:
    with pytest.raises(InputError, match="declares nothing for h1"):
        make_deployable(desired(), "h1")
