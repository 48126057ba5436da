"""Deploy to a host, and get how that ended as a value."""

from collections.abc import Callable, Mapping
from functools import partial

from qtctl.adapters.clock import SystemClock
from qtctl.engines.connect import connect, declared_route
from qtctl.flows.declared import Declared
from qtctl.flows.deploy import deploy as run
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.plan import NO_CHOICES, Choices, Plan
from qtctl.model.secret import Secret
from qtctl.plan.identity import deployable
from qtctl.plan.outcome import DeployOutcome

DEADLINE_S = 120


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
) -> DeployOutcome:
    """Make `target` what is declared, if `confirm` agrees to the plan. `passwords`: of stores, by their names.

    It has `deadline_s` after that. DeployRefused where the host could not be reached or read: then there is no plan.
    """
    desired = deployable(declared.desired, target)
    route = declared_route(target, desired, user, "deploy")
    return run(
        partial(connect, route),
        desired,
        SystemClock(),
        choices=choices,
        confirm=confirm,
        progress=progress,
        deadline_s=deadline_s,
        passwords=passwords,
    )
