"""End a deploy of a host that could not be taken back."""

from qtctl.apply.transaction import recover as run
from qtctl.engines.connect import connect, declared_route
from qtctl.flows.declared import Declared
from qtctl.model.transaction import Progressed


def recover(declared: Declared, target: str, *, user: str | None = None, accept: bool = False) -> Progressed | None:
    """Try once more to bring `target` back to what was there before; with `accept` leave it as it is.

    None where no deploy is in the way. HostError where the host could not be asked.
    """
    with connect(declared_route(target, declared.desired, user, "deploy")) as host:
        return run(host, accept=accept)
