"""The connection of a command to one host, begun early."""

from qtctl.engines.connect import connect_to_control as connect
from qtctl.engines.connect import make_declared_route
from qtctl.engines.connection_ahead import ConnectionAhead, open_ahead
from qtctl.flows.declared import Declared
from qtctl.plan.identity import allow_stand_in, make_deployable


def connect_ahead(declared: Declared, target: str, user: str | None = None) -> ConnectionAhead:
    """Begin to connect to `target` as the deploy account. InputError if nothing is declared for its host."""
    desired = make_deployable(declared.desired, target)
    return ConnectionAhead(make_declared_route(target, desired, user, "deploy"))


def connect_to_look(declared: Declared, target: str, user: str | None = None) -> ConnectionAhead:
    """The same as the account that audits."""
    desired = allow_stand_in(declared.desired, target)
    return ConnectionAhead(make_declared_route(target, desired, user, "audit"), open_ahead)


def connect_to_control(declared: Declared, target: str, user: str | None = None) -> ConnectionAhead:
    """The same as the account that deploys, with the channels on which units are looked at and jobs followed."""
    desired = allow_stand_in(declared.desired, target)
    return ConnectionAhead(make_declared_route(target, desired, user, "deploy"), connect)
