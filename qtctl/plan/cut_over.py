"""The containers that a deploy stops because units take over from them, and what forbids stopping one."""

import re
from collections.abc import Iterator
from dataclasses import replace

from qtctl.dialects.shell import join
from qtctl.model.container import RunningContainer
from qtctl.model.desired import Desired
from qtctl.model.desired_container import LeftContainer
from qtctl.model.plan import Plan, Refusal, Step, StepKind
from qtctl.plan.unit_goals import list_goals

_STARTS = (StepKind.START, StepKind.RESTART)
_RUNS = ("running", "restarting")


def list_left_services(desired: Desired) -> dict[str, tuple[LeftContainer, tuple[str, ...]]]:
    """Compose service → its record, and the units of this host that take over and should run."""
    runs = {goal.unit for goal in list_goals(desired) if goal.active is not False}
    units: dict[str, list[str]] = {}
    for unit in desired.units():
        if unit.unit in runs:
            units.setdefault(unit.name, []).append(unit.unit)
            units.setdefault(unit.unit, [unit.unit])
    found = {}
    for each in desired.left_containers:
        taking_over = tuple(dict.fromkeys(unit for name in each.to for unit in units.get(name, ())))
        if taking_over:
            found[each.service] = each, taking_over
    return found


def cut_over(desired: Desired, planned: Plan, running: tuple[RunningContainer, ...] | str) -> Plan:
    """`planned`, with containers stopped before anything is started; refusals if that may not last.

    `running`: the host's containers, or why they are not known.
    """
    left = list_left_services(desired)
    if planned.refusals or not left:
        return planned
    if isinstance(running, str):
        hint = "without --cut-over, containers are neither listed nor stopped"
        refusal = Refusal(desired.host, f"its containers could not be listed: {running}", hint, unknown=True)
        return replace(planned, steps=(), refusals=(refusal,))
    refusals = tuple(_find_obstacles(running, left))
    if refusals:
        return replace(planned, steps=(), refusals=refusals)
    stops = tuple(_make_stop(each, *left[each.service]) for each in running if each.service in left)
    first = next((at for at, step in enumerate(planned.steps) if step.kind in _STARTS), len(planned.steps))
    return replace(planned, steps=(*planned.steps[:first], *stops, *planned.steps[first:]))


def _make_stop(container: RunningContainer, left: LeftContainer, units: tuple[str, ...]) -> Step:
    reason = f"{', '.join(units)} {'take' if units[1:] else 'takes'} over from compose service {left.service}"
    return Step(StepKind.STOP_CONTAINER, container.name, reason, container.id, frees=container.ports)


def _find_obstacles(
    running: tuple[RunningContainer, ...], left: dict[str, tuple[LeftContainer, tuple[str, ...]]]
) -> Iterator[Refusal]:
    for each in running:
        if each.service in left:
            yield from _find_obstacle(each)
        elif not each.service:
            yield from _find_nameless(each, left)
    for service in left:
        projects = sorted({each.project for each in running if each.service == service})
        if projects[1:]:
            what = f"containers of it run in several compose projects: {', '.join(projects)}"
            yield Refusal(service, what, "stop those that are not meant")


def _find_obstacle(container: RunningContainer) -> Iterator[Refusal]:
    name = container.name
    if container.swarm:
        yield Refusal(
            name, "a swarm runs it, and would start it again", join(("docker", "service", "rm", container.swarm))
        )
    elif container.restart == "always":
        what = "its restart policy is always: Docker would start it again at its own next start, beside the unit"
        yield Refusal(name, what, join(("docker", "update", "--restart=unless-stopped", name)))
    elif container.auto_remove:
        what = "it was started with --rm: once stopped it is gone, and there would be no way back to it"
        yield Refusal(name, what, "start it without --rm, or stop it by hand")
    elif container.status not in _RUNS:
        hint = join(("docker", "unpause", name)) if container.status == "paused" else "see `docker ps`"
        yield Refusal(name, f"it is {container.status}, which a rollback could not restore", hint)


def _find_nameless(
    container: RunningContainer, left: dict[str, tuple[LeftContainer, tuple[str, ...]]]
) -> Iterator[Refusal]:
    """A container that Compose did not create, but that looks like one of the services."""
    for service, (record, _) in left.items():
        shared = sorted(set(container.ports) & set(record.ports))
        if _is_named(container.name, service) or shared:
            why = f"publishes {', '.join(shared)}" if shared else "has its name"
            what = f"it {why}, but has no label of compose service {service}: it is not stopped"
            yield Refusal(
                container.name,
                what,
                f"if it is what {service} was, stop it: {join(('docker', 'stop', container.name))}",
            )


def _is_named(name: str, service: str) -> bool:
    plain = re.escape(service.replace("_", "-"))
    return re.search(rf"(^|-){plain}(-[0-9]+)?$", name.replace("_", "-")) is not None
