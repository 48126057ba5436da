"""Deploy to a host, and return the outcome as a value."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from qtctl.adapters.clock import SystemClock
from qtctl.api.trail import CallerTrail, describe_caller
from qtctl.engines import connect as connecting
from qtctl.engines.connect import connect, make_declared_route
from qtctl.flows.declared import Declared
from qtctl.flows.deploy import deploy as run
from qtctl.flows.steady import STEADY_S
from qtctl.interfaces.host import Connector
from qtctl.interfaces.progress import Progress, silent
from qtctl.interfaces.supplies import NO_SUPPLIES, Supplies
from qtctl.meaning.registry_digest import digest_registry
from qtctl.model.plan import NO_CHOICES, Choices, Plan
from qtctl.model.secret import Secret
from qtctl.model.trail import Action
from qtctl.plan.identity import make_deployable
from qtctl.plan.outcome import DeployOutcome
from qtctl.version import VERSION

__all__ = ["deploy", "read_passwords"]
"""Part of the frozen API. The rest of this module is not."""

DEADLINE_S = 120


def describe(
    declared: Declared, target: str, registry: Path | None = None, action: Action = Action.DEPLOY
) -> dict[str, str]:
    """What a host records about the generation it is given. It contains no digest of a single file."""
    desired = declared.desired
    return {
        "fleet": desired.fleet,
        "host": desired.host,
        "target": target,
        "registry": digest_registry(desired),
        "version": VERSION,
        **describe_caller(action, registry),
    }


def read_passwords(declared: Declared) -> Mapping[str, Secret]:
    """The passwords of the stores that the host has, by their names, from the environment.

    InputError if a variable is not set.
    """
    return connecting.read_passwords(declared.desired)


def deploy(
    declared: Declared,
    target: str,
    *,
    confirm: Callable[[Plan], bool],
    user: str | None = None,
    choices: Choices = NO_CHOICES,
    progress: Progress = silent,
    deadline_s: float = DEADLINE_S,
    passwords: Mapping[str, Secret] | None = None,
    steady_s: float = STEADY_S,
    supplies: Supplies = NO_SUPPLIES,
    registry: Path | None = None,
    action: Action = Action.DEPLOY,
    connector: Connector | None = None,
    notes: Mapping[str, str] | None = None,
) -> DeployOutcome:
    """Make `target` as declared, if `confirm` agrees to the plan. `passwords`: of stores, by their names.

    `steady_s`: how long every service must have been up before the deploy is confirmed; it has `deadline_s` after that.
    `registry`: the folder of the registry, for the audit trail. `action`: what this is, there. `supplies`: where code
    and packages to install come from. `connector`: how `target` is connected to, if that has begun already. `notes`:
    what else is recorded about it, by key. Times are in seconds.

    DeployRefused if the host could not be reached or read: then there is no plan.
    """
    desired = make_deployable(declared.desired, target)
    route = make_declared_route(target, desired, user, "deploy")
    about = {**describe(declared, target, registry, action), **(notes or {})}
    trail = CallerTrail(about)

    def agree(plan: Plan) -> bool:
        agreed = confirm(plan)
        if agreed:
            trail.begin(plan)
        return agreed

    return trail.run(
        lambda: run(
            connector or partial(connect, route),
            desired,
            SystemClock(),
            choices=choices,
            confirm=agree,
            progress=progress,
            deadline_s=deadline_s,
            passwords=passwords,
            steady_s=steady_s,
            about=about,
            supplies=supplies,
        )
    )
