"""Pools: how large a part is, which units are stopped first, and what the plan says about it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.model.desired import Desired
from qtctl.model.plan import NoteKind, StepKind
from qtctl.model.states import ServiceState
from qtctl.plan.pools import compute_limit, list_pools
from tests.builders.planned import UNITS, Ground, deployed, desired, service, target, unit_text

TEMPLATE = "quantum-w@.service"

LIMITS = [
    ("25%", 8, 2),
    ("25%", 7, 1),
    ("25%", 2, 1),
    ("25%", 1, 1),
    ("50%", 5, 2),
    ("100%", 8, 8),
    ("1%", 8, 1),
    ("3", 8, 3),
    ("9", 8, 8),
    ("25%", 0, 1),
]


@pytest.mark.parametrize(("part", "count", "limit"), LIMITS)
def test_a_part_is_rounded_down_but_never_nothing(part: str, count: int, limit: int) -> None:
    assert compute_limit(part, count) == limit


@given(st.integers(1, 100), st.integers(1, 500))
def test_no_part_leaves_fewer_than_it_says(percent: int, count: int) -> None:
    limit = compute_limit(f"{percent}%", count)
    assert 1 <= limit <= count
    assert limit == 1 or limit * 100 <= percent * count


def fleet(text: bytes = b"", *, count: int = 8, part: str = "25%", stopped: int = 0) -> Desired:
    template = service("w@", unit=TEMPLATE, env_file="/etc/quantum/w.env")
    texts = {f"{UNITS}/{TEMPLATE}": text} if text else {}
    made = desired(template, target(), texts=texts)
    units = tuple(
        replace(
            template, name=f"w@{number}", unit=f"quantum-w@{number}.service", template=TEMPLATE, max_unavailable=part,
            state=ServiceState.STOPPED if number <= stopped else ServiceState.RUNNING,
        )
        for number in range(1, count + 1)
    )  # fmt: skip
    return replace(made, services=units, templates=(template,))


def ground(wanted: Desired) -> Ground:
    return deployed(wanted)


def test_only_running_instances_count() -> None:
    (found,) = list_pools(fleet(stopped=4))
    assert (found.template, len(found.units), found.limit) == (TEMPLATE, 4, 1)


def test_services_that_are_no_template_are_no_pool() -> None:
    assert list_pools(desired(service("a"), target())) == ()


STOPS = unit_text(TEMPLATE, "/usr/bin/sleep 1") + b"ExecStop=/bin/true\n"


def kinds(wanted: Desired, before: Desired) -> dict[str, int]:
    planned = ground(before).plan(wanted)
    assert planned.refusals == ()
    of_pool = [
        step.kind.value for step in planned.steps if step.subject.startswith("quantum-w@") and "." in step.subject
    ]
    return {kind: of_pool.count(kind) for kind in ("stop", "start", "restart")}


def test_a_pool_is_never_stopped_as_a_whole_before_the_reload() -> None:
    """A service that is not one of several stops with its old definition."""
    assert kinds(fleet(STOPS), fleet()) == {"stop": 0, "start": 0, "restart": 8}
    assert kinds(fleet(STOPS, part="100%"), fleet(part="100%")) == {"stop": 8, "start": 8, "restart": 0}
    assert kinds(fleet(STOPS, count=1), fleet(count=1)) == {"stop": 1, "start": 1, "restart": 0}


def test_the_plan_says_how_many_at_a_time() -> None:
    planned = ground(fleet()).plan(fleet(unit_text(TEMPLATE, "/usr/bin/sleep 1")))
    assert [(each.kind, each.subject, each.text) for each in planned.notes] == [
        (NoteKind.POOL, TEMPLATE, "8 of its 8 instances are restarted, at most 2 at a time")
    ]
    assert sum(step.kind is StepKind.RESTART for step in planned.steps) == 8
    assert not any(each.kind is NoteKind.POOL for each in ground(fleet()).plan(fleet()).notes)
