"""Plan what a deploy would change on a host, and change nothing."""

from qtctl.adapters.clock import SystemClock
from qtctl.collect.collect import collect
from qtctl.engines.connect import connect, declared_route
from qtctl.flows.declared import Declared
from qtctl.flows.plan_host import plan_host
from qtctl.model.inquiry import inquiry_of
from qtctl.model.plan import NO_CHOICES, Choices, Plan
from qtctl.plan.needs import needs, properties


def plan(declared: Declared, target: str, *, user: str | None = None, choices: Choices = NO_CHOICES) -> Plan:
    """The steps from what `target` is to what it must be, or the refusals. Asks as the deploying account, as root.

    HostError where the host could not be asked.
    """
    desired = declared.desired
    with connect(declared_route(target, desired, user, "deploy")) as host:
        asked, clock = inquiry_of(desired, needs(desired), properties=properties(desired)), SystemClock()
        return plan_host(host, desired, collect(host, asked, clock, root=True), clock, choices)
