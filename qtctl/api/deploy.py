"""Deploy to a host, and get how that ended as a value."""

import getpass
import platform
from collections.abc import Callable, Mapping
from functools import partial

from qtctl.adapters.clock import SystemClock
from qtctl.engines.connect import connect, declared_route
from qtctl.flows.declared import Declared
from qtctl.flows.deploy import deploy as run
from qtctl.flows.steady import STEADY_S
from qtctl.interfaces.progress import Progress, silent
from qtctl.interfaces.supplies import NO_SUPPLIES, Supplies
from qtctl.model.plan import NO_CHOICES, Choices, Plan
from qtctl.model.secret import Secret
from qtctl.plan.agreed import registry_digest
from qtctl.plan.identity import deployable
from qtctl.plan.outcome import DeployOutcome
from qtctl.version import VERSION

DEADLINE_S = 120


def describe(declared: Declared, target: str) -> dict[str, str]:
    """What a host notes of the generation that it is given. No digest of a single file is in it."""
    desired = declared.desired
    by = f"{getpass.getuser()}@{platform.node()}"
    return {
        "fleet": desired.fleet,
        "host": desired.host,
        "target": target,
        "registry": registry_digest(desired),
        "by": by,
        "version": VERSION,
    }


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
) -> DeployOutcome:
    """Make `target` what is declared, if `confirm` agrees to the plan. `passwords`: of stores, by their names.

    `steady_s`: so long every service must have been up before the deploy is confirmed. `supplies`: where code and
    packages come from that are installed.

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
        steady_s=steady_s,
        about=describe(declared, target),
        supplies=supplies,
    )
