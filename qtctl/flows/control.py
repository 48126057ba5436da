"""An operator's action on one host: looked at, planned, agreed to, carried out."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from qtctl.model.control import ControlOutcome, ControlPlan, ControlRequest, ControlStatus
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.inquiry import Inquiry, build_inquiry
from qtctl.plan.control import PROPERTIES, list_needs, list_unseen, make_control_plan
from qtctl.plan.outcome import explain_refusals

READ_S = 30.0
"""For the answers to one inquiry."""
Look = Callable[[Inquiry], Evidence]
CarryOut = Callable[[ControlPlan], ControlOutcome]
"""HostError, which Refused is, only if nothing was done."""
MOST_ROUNDS = 8
"""How far chains of units that depend on each other are followed."""


def plan_control(look: Look, desired: Desired, request: ControlRequest) -> ControlPlan:
    """`desired`: with its files, and from `identity.allow_stand_in`. HostError if the host could not be asked."""
    facts = Facts.of(look(make_first_inquiry(desired, request.units)))
    plan = make_control_plan(desired, facts, request)
    for _ in range(MOST_ROUNDS):
        unseen = () if plan.refusals else list_unseen(desired, facts, plan)
        if not unseen:
            break
        more = _make_inquiry(desired, tuple(Need(Unit.FACT, unit) for unit in unseen))
        facts = facts.merge(Facts.of(look(more)))
        plan = make_control_plan(desired, facts, request)
    return plan


def control(
    look: Look,
    carry_out: CarryOut,
    desired: Desired,
    request: ControlRequest,
    *,
    confirm: Callable[[ControlPlan], bool],
) -> ControlOutcome:
    """Plan, and carry that out if `confirm` agrees. HostError if the host could not be asked: nothing was done."""
    plan = plan_control(look, desired, request)
    if plan.refusals:
        return refuse(plan)
    if not confirm(plan):
        return ControlOutcome(plan.host, ControlStatus.DECLINED, plan)
    return carry_out(plan)


def refuse(plan: ControlPlan) -> ControlOutcome:
    reason = explain_refusals(plan.host, plan.refusals)
    why = f"nothing was done: {reason.what}"
    return ControlOutcome(plan.host, ControlStatus.REFUSED, plan, why=why, hint=reason.hint)


def make_first_inquiry(desired: Desired, units: Iterable[str]) -> Inquiry:
    """What is asked before anything is planned for these units."""
    return _make_inquiry(desired, list_needs(desired, units))


def _make_inquiry(desired: Desired, needs: tuple[Need, ...]) -> Inquiry:
    properties = {need.subject: PROPERTIES for need in needs if need.fact == Unit.FACT}
    return replace(build_inquiry(desired, needs, properties=properties), named_only=True)
