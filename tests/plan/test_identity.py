"""A host that is not the one that is meant is refused before anything else, and so is an empty registry."""

from dataclasses import replace

import pytest

from qtctl.errors import InputError
from qtctl.model.desired import Desired
from qtctl.model.evidence import Item, State
from qtctl.model.facts import Facts, HostBaseline, to_value
from qtctl.model.plan import Plan
from qtctl.plan.identity import deployable
from qtctl.plan.plan import plan
from tests.builders.planned import Ground, deployed, desired, service, target

SIMPLE = desired(service("a"), target())
HOST = HostBaseline("web-1", "o", "k", 1, [0.0], 1, 1, 1, 1, 1, "systemd 252", "t", "b", "1" * 32)


def plan_on(host: HostBaseline | None, wanted: Desired, ground: Ground | None = None) -> Plan:
    state = State.OBSERVED if host else State.REFUSED
    item = Item("host", "host", state, to_value(host) if host else None, None if host else "no shell", 1)
    facts = (ground or deployed(SIMPLE)).facts(wanted).joined(Facts([item]))
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
    assert deployable(wanted, "h1") == wanted
    assert plan_on(HOST, deployable(wanted, "lab1")).refusals == ()


def test_an_empty_fleet_is_an_error_of_the_registry() -> None:
    with pytest.raises(InputError, match="declares nothing for h1"):
        deployable(desired(), "h1")
