"""What a deploy would change on a host, from one look at it."""

from qtctl.apply.current import current_files
from qtctl.interfaces.host import Host
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.plan import Plan
from qtctl.plan.plan import list_unread, plan

READ_S = 30.0


def plan_host(host: Host, desired: Desired, facts: Facts, *, take_over: bool) -> Plan:
    """The steps from `facts` to `desired`, or the refusals. Files that the facts do not hold are read from the host.

    HostError where they could not be.
    """
    current = current_files(host, list_unread(desired, facts), READ_S)
    return plan(desired, facts, current=current, take_over=take_over)
