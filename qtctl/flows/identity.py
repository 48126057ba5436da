"""Check that the host that answers is the intended one, before anything else is asked or done."""

from qtctl.collect.collect import collect
from qtctl.errors import DeployRefused
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Host
from qtctl.meaning.deploys import STATUS
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.inquiry import build_inquiry
from qtctl.plan import identity

_ANSWER_S = 15.0


def require_meant(host: Host, desired: Desired, clock: Clock) -> None:
    """`desired`: from `identity.allow_stand_in`. DeployRefused for another host or machine, as in a deploy.

    HostError if it could not be asked.
    """
    asked = build_inquiry(desired, (identity.HOST, STATUS))
    require_facts(desired, Facts.of(collect(host, asked, clock, deadline_s=_ANSWER_S)))


def require_facts(desired: Desired, facts: Facts) -> None:
    """The same, from facts that include `identity.HOST` and `STATUS`."""
    for refusal in identity.find_obstacles(desired, facts):
        raise DeployRefused(f"nothing was changed: {refusal.reason}", host=refusal.subject, hint=refusal.hint)
