"""Prepare a host: look at it, report what would change, and change it if told to."""

from qtctl.apply import preparation
from qtctl.apply.helper import build_helper
from qtctl.errors import DeployRefused, HostError
from qtctl.flows.identity import require_meant
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Connector, Host
from qtctl.model.desired import Desired
from qtctl.model.preparation import HostSeen, Preparation, PreparePlan
from qtctl.plan.preparation import make_preparation, plan_preparation


def prepare_host(connect: Connector, desired: Desired, clock: Clock, *, apply: bool, remove: bool) -> PreparePlan:
    """What there is to do; with `apply`, what was done. HostError if the host could not be read as root.

    DeployRefused if it was not changed.
    """
    wanted = make_preparation(desired, build_helper().text)
    with connect() as host:
        require_meant(host, desired, clock)
        seen = _look(host, wanted, apply=apply)
        plan = plan_preparation(wanted, seen, remove=remove)
        if apply and plan.refusals:
            hint = "fix that, then prepare the host again"
            raise DeployRefused(f"not prepared: {'; '.join(plan.refusals)}", host=host.address, hint=hint)
        if apply and plan.changes:
            preparation.apply(host, plan, seen, remove=remove)
    return plan


def _look(host: Host, wanted: Preparation, *, apply: bool) -> HostSeen:
    """DeployRefused instead of HostError if something was to be changed: nothing was."""
    try:
        return preparation.look(host, wanted)
    except HostError as error:
        if not apply:
            raise
        raise DeployRefused(error.what, host=error.host, login=error.login, hint=error.hint) from error
