"""Prepare a host for an account that deploys without being root."""

from functools import partial

from qtctl.adapters.clock import SystemClock
from qtctl.engines.connect import connect, make_declared_route
from qtctl.flows.declared import Declared
from qtctl.flows.preparation import prepare_host
from qtctl.model.preparation import PreparePlan
from qtctl.plan.identity import allow_stand_in


def prepare(
    declared: Declared, target: str, *, user: str | None = None, apply: bool = False, remove: bool = False
) -> PreparePlan:
    """What `target` still needs of the helper, its rules, sudoers and accounts; with `apply`, install it.

    `remove`: remove it instead. HostError if the host could not be asked; DeployRefused if nothing was changed.
    """
    desired = allow_stand_in(declared.desired, target)
    route = make_declared_route(target, desired, user, "deploy")
    return prepare_host(partial(connect, route), desired, SystemClock(), apply=apply, remove=remove)
