"""Take what an operator changed on a host into the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qtctl.adapters.files import read_registry
from qtctl.adapters.templates import load_unit_templates
from qtctl.apply.generations import fetch_desired, list_generations
from qtctl.engines.connect import connect, make_declared_route
from qtctl.errors import DeployRefused
from qtctl.flows.adopt_drift import DriftFound, DriftQuestion, adopt_drift
from qtctl.flows.adopt_host import look
from qtctl.flows.declare import declare
from qtctl.flows.rollback import find_current
from qtctl.interfaces.host import Host
from qtctl.interfaces.progress import Progress, silent
from qtctl.model.desired import Desired
from qtctl.model.events import Stage, begun
from qtctl.model.generation import DamagedGeneration
from qtctl.plan.identity import make_deployable


@dataclass(frozen=True, slots=True)
class DriftOfHost:
    """`before`: the registry's files as they were read. `generation`: the one that changes are compared with, or None.

    `unread`: what could not be read.
    """

    host: str
    before: Mapping[str, bytes]
    found: DriftFound
    generation: int | None
    unread: tuple[str, ...]


def find_drift(
    folder: Path,
    target: str,
    *,
    as_name: str | None = None,
    user: str | None = None,
    templates: Path | None = None,
    progress: Progress = silent,
) -> DriftOfHost:
    """What was changed on `target` since its last deploy, and the registry in `folder` with it. Writes nothing.

    InputErrors if the registry has an error. HostError if the host could not be asked; DeployRefused if its record of
    the last deploy is damaged, or belongs to another fleet.
    """
    files, texts = read_registry(folder), load_unit_templates(templates)
    desired = make_deployable(declare(files, texts, target, as_name).desired, target)
    progress(begun(target, Stage.CONNECT))
    route = make_declared_route(target, desired, user, "deploy")
    with connect(route) as host:
        number, deployed = fetch_current(host, desired)
        looked = look(host, progress)
    question = DriftQuestion(files, texts, target, as_name, (*looked.found, *looked.runtime), looked.states, deployed)
    return DriftOfHost(desired.host, files, adopt_drift(question), number, looked.unread)


def fetch_current(host: Host, declared: Desired) -> tuple[int | None, Desired | None]:
    """The generation of this fleet that is in force, and what it installed; None if the host keeps none."""
    current = find_current(list_generations(host), declared.fleet)
    if current is None:
        return None, None
    number = current.number
    try:
        deployed = fetch_desired(host, number)
    except DamagedGeneration as error:
        hint = f"deploy once, or see `qtctl generations --host {declared.host}`"
        raise DeployRefused(f"generation {number} is damaged: {error}", host=declared.host, hint=hint) from error
    if (deployed.fleet, deployed.host) != (declared.fleet, declared.host):
        what = f"generation {number} is of {deployed.host} of {deployed.fleet}"
        raise DeployRefused(what, host=declared.host, hint="name the host that the registry declares with --as")
    return number, deployed
