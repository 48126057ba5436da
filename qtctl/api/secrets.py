"""The secrets of a host: check which of them it has, and put one there."""

from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.clock import SystemClock
from qtctl.api.trail import CallerTrail, describe_caller
from qtctl.apply import secrets
from qtctl.engines.connect import connect, make_declared_route
from qtctl.errors import QtctlError
from qtctl.flows.declared import Declared
from qtctl.flows.identity import require_meant
from qtctl.model.secret_place import SecretFound, SecretPlace
from qtctl.model.trail import Action, CallerEvent
from qtctl.plan.identity import allow_stand_in, make_deployable
from qtctl.plan.secrets import find_secret, list_secrets, make_content
from qtctl.version import VERSION


@dataclass(frozen=True, slots=True)
class PutSecret:
    """`changed`: whether the host had another value. `warnings`: for example that the audit trail lacks a record."""

    place: SecretPlace
    changed: bool
    warnings: tuple[str, ...] = ()


def check_secrets(declared: Declared, target: str, *, user: str | None = None) -> tuple[SecretFound, ...]:
    """Every declared secret as it is on `target`. HostError if the host could not be asked.

    DeployRefused if it is another host than declared.
    """
    places, desired = list_secrets(declared.desired), allow_stand_in(declared.desired, target)
    with connect(make_declared_route(target, desired, user, "deploy")) as host:
        require_meant(host, desired, SystemClock())
        return secrets.find(host, places)


def find(declared: Declared, name: str) -> SecretPlace:
    """The secret named NAME or SERVICE/NAME. InputError if there is none, or several."""
    return find_secret(list_secrets(declared.desired), name)


def put(
    declared: Declared, target: str, place: SecretPlace, value: bytes, *, user: str | None = None, registry: Path | None
) -> PutSecret:
    """Write `value` to its place on `target`. `registry`: its folder, for the audit trail.

    InputError if it cannot be a value; DeployRefused if nothing was changed.
    """
    desired = make_deployable(declared.desired, target)
    content = make_content(place, value)
    about = {
        "fleet": desired.fleet,
        "host": desired.host,
        "target": target,
        "version": VERSION,
        "secret": place.name,
        "path": place.path,
        **describe_caller(Action.PUT, registry),
    }
    trail = CallerTrail(about)
    try:
        with connect(make_declared_route(target, desired, user, "deploy")) as host:
            require_meant(host, desired, SystemClock())
            changed, warnings = secrets.put(host, place, content, about)
    except QtctlError as error:
        trail.note(CallerEvent.ENDED, "refused", error.describe_beside(target))
        raise
    trail.note(CallerEvent.ENDED, "put" if changed else "unchanged")
    missing = (f"the audit trail has no record of this: {each}" for each in trail.problems)
    return PutSecret(place, changed, (*warnings, *missing))
