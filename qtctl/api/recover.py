"""End a deploy of a host that could not be rolled back."""

from pathlib import Path

from qtctl.adapters.clock import SystemClock
from qtctl.api.trail import CallerTrail, describe_caller
from qtctl.apply.transaction import recover as run
from qtctl.engines.connect import connect, make_declared_route
from qtctl.errors import QtctlError
from qtctl.flows.declared import Declared
from qtctl.flows.identity import require_meant
from qtctl.model.trail import Action, CallerEvent
from qtctl.model.transaction import Progressed
from qtctl.plan.identity import allow_stand_in


def recover(
    declared: Declared, target: str, *, user: str | None = None, accept: bool = False, registry: Path | None = None
) -> tuple[Progressed | None, tuple[str, ...]]:
    """Try once more to bring `target` back to its earlier state; with `accept` leave it as it is.

    None if no deploy is in the way. Also returns why the audit trail lacks a record. HostError if the host could not be
    asked.
    """
    about = {"fleet": declared.desired.fleet, "host": declared.desired.host, "target": target}
    trail = CallerTrail({**about, **describe_caller(Action.RECOVER, registry)})
    try:
        with connect(make_declared_route(target, declared.desired, user, "deploy")) as host:
            require_meant(host, allow_stand_in(declared.desired, target), SystemClock())
            found = run(host, accept=accept, by=trail.about["by"])
    except QtctlError as error:
        trail.note(CallerEvent.ENDED, "refused", error.describe_beside(target))
        raise
    if found is not None:
        trail.note(CallerEvent.ENDED, (found.end or found.state).value)
    return found, tuple(trail.problems)
