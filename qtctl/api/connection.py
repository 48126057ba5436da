"""The connection of a command to one host, begun early."""

from qtctl.engines.connect import make_declared_route
from qtctl.engines.connection_ahead import ConnectionAhead
from qtctl.flows.declared import Declared
from qtctl.plan.identity import make_deployable


def connect_ahead(declared: Declared, target: str, user: str | None = None) -> ConnectionAhead:
    """Begin to connect to `target` as the deploy account. InputError if nothing is declared for its host."""
    desired = make_deployable(declared.desired, target)
    return ConnectionAhead(make_declared_route(target, desired, user, "deploy"))
