"""An operator's action on one host: looked at, planned, agreed to, carried out."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from qtctl.collect.collect import collect
from qtctl.control.carry_out import carry_out
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host
from qtctl.model.control import ControlOutcome, ControlPlan, ControlRequest, ControlStatus
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.inquiry import build_inquiry
from qtctl.plan.control import PROPERTIES, list_needs, list_unseen, make_control_plan

READ_S = 30.0
MOST_ROUNDS = 8
"""How far chains of units that depend on each other are followed."""


def plan_control(host: Host, desired: Desired, request: ControlRequest, clock: Clock) -> ControlPlan:
    """`desired`: with its files, and from `identity.allow_stand_in`. HostError if the host could not be asked."""
    needs = list_needs(desired, request.units)
    facts = _look(host, desired, needs, clock)
    plan = make_control_plan(desired, facts, request)
    for _ in range(MOST_ROUNDS):
        unseen = () if plan.refusals else list_unseen(desired, facts, plan)
        if not unseen:
            break
        facts = facts.merge(_look(host, desired, tuple(Need(Unit.FACT, unit) for unit in unseen), clock))
        plan = make_control_plan(desired, facts, request)
    return plan


def control(
    host: Host,
    desired: Desired,
    request: ControlRequest,
    clock: Clock,
    *,
    confirm: Callable[[ControlPlan], bool],
    about: Mapping[str, str],
    deadline_s: float,
) -> ControlOutcome:
    """Plan, and carry that out if `confirm` agrees. HostError if the host could not be asked: nothing was done."""
    plan = plan_control(host, desired, request, clock)
    if plan.refusals:
        return refuse(plan)
    if not confirm(plan):
        return ControlOutcome(plan.host, ControlStatus.DECLINED, plan)
    return carry_out(host, plan, about, deadline_s=deadline_s)


def refuse(plan: ControlPlan) -> ControlOutcome:
    first = plan.refusals[0]
    why = f"nothing was done: {first.subject}: {first.reason}"
    return ControlOutcome(plan.host, ControlStatus.REFUSED, plan, why=why, hint=first.hint)


def _look(host: Host, desired: Desired, needs: tuple[Need, ...], clock: Clock) -> Facts:
    properties = {need.subject: PROPERTIES for need in needs if need.fact == Unit.FACT}
    asked = build_inquiry(desired, needs, properties=properties)
    return Facts.of(collect(host, replace(asked, named_only=True), clock, deadline_s=READ_S))
