"""Plan what a deploy would change on a host, and change nothing."""

from qtctl.adapters.clock import SystemClock
from qtctl.apply.current import current_files
from qtctl.collect.collect import collect
from qtctl.engines.connect import connect, declared_route
from qtctl.flows.declared import Declared
from qtctl.model.facts import Facts
from qtctl.model.inquiry import inquiry_of
from qtctl.model.plan import Plan
from qtctl.plan.needs import needs
from qtctl.plan.plan import plan as plan_of
from qtctl.plan.plan import unread

READ_S = 30.0


def plan(declared: Declared, target: str, *, user: str | None = None, take_over: bool = False) -> Plan:
    """The steps from what `target` is to what it must be, or the refusals. Asks as the deploying account, as root.

    HostError where the host could not be asked.
    """
    desired = declared.desired
    with connect(declared_route(target, desired, user, "deploy")) as host:
        facts = Facts.of(collect(host, inquiry_of(desired, needs(desired)), SystemClock(), root=True))
        current = current_files(host, unread(desired, facts), READ_S)
    return plan_of(desired, facts, current=current, take_over=take_over)
