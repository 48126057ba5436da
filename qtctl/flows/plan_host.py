"""What a deploy would change on a host, from one look at it, and a second one if the first raises questions."""

from dataclasses import replace
from typing import NamedTuple

from qtctl.apply.containers import list_containers
from qtctl.apply.current import read_current_files
from qtctl.apply.ran import finish_reading, start_reading
from qtctl.collect.collect import collect
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host, Running
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts, HostBaseline, Unit
from qtctl.model.inquiry import build_inquiry
from qtctl.model.plan import Choices, Plan, PlannedBefore
from qtctl.plan import preflight
from qtctl.plan.agreed import find_differences
from qtctl.plan.cut_over import cut_over, list_left_services
from qtctl.plan.dependents import PULLED_BY
from qtctl.plan.loaded import list_loaded
from qtctl.plan.plan import list_unread, list_unseen, plan
from qtctl.plan.unit_goals import list_seen_files

READ_S = 30.0
MOST_ROUNDS = 8
"""How far chains of units that depend on each other are followed."""


def plan_host(
    host: Host,
    desired: Desired,
    evidence: Evidence,
    clock: Clock,
    choices: Choices,
    *,
    reading: Running | None = None,
) -> Plan:
    """The steps from the observed state to `desired`, or refusals. The host is asked for what the evidence lacks.

    `reading`: what processes have read, if it is already being asked. HostError if the host could not be asked.
    """
    facts = Facts.of(evidence)
    if choices.expected is not None:
        planned = plan_host(host, desired, evidence, clock, replace(choices, expected=None), reading=reading)
        return _hold_to_agreed(planned, choices.expected)
    reading = reading or start_reading(host, list_seen_files(desired))
    current = read_current_files(host, list_unread(desired, facts, choices), READ_S)
    ran = finish_reading(reading, READ_S)
    planned = plan(desired, facts, current=current, choices=choices, ran=ran)
    asked: frozenset[Need] = frozenset()
    for _ in range(MOST_ROUNDS):
        unseen = list_unseen(desired, facts, planned)
        if not unseen:
            break
        # What the steps need is asked at the same time; more steps seldom follow from it.
        ahead = frozenset(preflight.list_needs(desired, planned)) - asked
        facts, asked = facts.merge(_look_at(host, desired, unseen, ahead, clock)), asked | ahead
        planned = plan(desired, facts, current=current, choices=choices, ran=ran)
    if choices.cut_over:
        planned = cut_over(desired, planned, list_containers(host, READ_S) if list_left_services(desired) else ())
    planned = _add_refusals(host, desired, planned, _Seen(facts, asked), clock)
    return replace(planned, machine=_read_machine(facts), loaded=list_loaded(desired, facts))


class _Seen(NamedTuple):
    """`asked`: the facts of a preflight that are in `facts` and fresh."""

    facts: Facts
    asked: frozenset[Need]


def _add_refusals(host: Host, desired: Desired, planned: Plan, seen: _Seen, clock: Clock) -> Plan:
    """The plan, with refusals if it would fail after it has begun."""
    facts = seen.facts
    missing = tuple(need for need in preflight.list_needs(desired, planned) if need not in seen.asked)
    if missing:
        evidence = collect(host, build_inquiry(desired, missing), clock, root=True, deadline_s=READ_S)
        facts = facts.merge(Facts.of(evidence))
    refusals = preflight.find_obstacles(desired, planned, facts)
    return replace(planned, steps=(), refusals=refusals) if refusals else planned


def _hold_to_agreed(planned: Plan, expected: PlannedBefore) -> Plan:
    """The plan, with refusals if it is not the one that was agreed to."""
    differs = () if planned.refusals else find_differences(expected, planned)
    return replace(planned, steps=(), refusals=differs) if differs else planned


def _read_machine(facts: Facts) -> str:
    host = facts.find(HostBaseline, "host")
    return host.machine if host else ""


def _look_at(host: Host, desired: Desired, units: tuple[str, ...], more: frozenset[Need], clock: Clock) -> Facts:
    """The state of units that depend on those in the plan, and what depends on those; and `more`."""
    needs = (*(Need(Unit.FACT, unit) for unit in units), *sorted(more))
    asked = build_inquiry(desired, tuple(dict.fromkeys(needs)), properties=dict.fromkeys(units, PULLED_BY))
    return Facts.of(collect(host, asked, clock, root=True, deadline_s=READ_S))
