"""Whether the ports of the units that a plan starts are free, or held by units that the same plan stops."""

from collections.abc import Iterator
from dataclasses import replace

from qtctl.meaning.listeners import SYSTEMD, DeclaredPort, list_ports
from qtctl.meaning.socket_owners import read_sockets
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Listeners
from qtctl.model.plan import Plan, Refusal, StepKind

DOCKER = ("docker.service", "containerd.service")


def list_needs(few: Desired) -> tuple[Need, ...]:
    protocols = dict.fromkeys(port.protocol for service in few.services for port in service.ports)
    return tuple(Need(Listeners.FACT, protocol) for protocol in protocols)


def find_obstacles(desired: Desired, few: Desired, plan: Plan, facts: Facts) -> Iterator[Refusal]:
    """A unit that the plan only restarts holds its own port again."""
    stops = [step for step in plan.steps if step.kind in (StepKind.STOP, StepKind.RESTART)]
    freed = {step.subject for step in stops} | {each.unit for step in stops for each in step.drags}
    containers = [step for step in plan.steps if step.kind is StepKind.STOP_CONTAINER]
    freed |= {f"docker-{step.seen}.scope" for step in containers}
    published = {port for step in containers for port in step.frees}
    left = {port for each in desired.left_containers for port in each.ports}
    starters = desired.map_starters()
    for service in few.services:
        for declared in list_ports(service, starters):
            port = f"{declared.port.port}/{declared.port.protocol}"
            by_docker = set(DOCKER) if port in published else set()
            for refusal in _find_taken(declared, freed | by_docker, facts):
                yield replace(refusal, hint=_CUT_OVER) if port in left and _is_docker(refusal) else refusal


_CUT_OVER = "--cut-over stops its container, if it is of the compose service that legacy/ records with this port"


def _is_docker(refusal: Refusal) -> bool:
    return refusal.hint == _suggest_fix(DOCKER[0])


def _find_taken(declared: DeclaredPort, freed: set[str], facts: Facts) -> Iterator[Refusal]:
    listeners = facts.read(Listeners, declared.port.protocol)
    seen = read_sockets(facts, listeners.rows if listeners else (), declared)
    at = f"{declared.port.address}:{declared.port.port}"
    holders = dict.fromkeys(row[2] for row in seen.taken if row[2] not in freed and row[2] != SYSTEMD)
    for holder in holders:
        yield Refusal(declared.unit.unit, f"port {at} is held by {_describe(holder)}", _suggest_fix(holder))
    if not holders and seen.unowned and not seen.there:
        what = f"port {at} is held by a process that belongs to no unit"
        yield Refusal(declared.unit.unit, what, f"ss -Hltnup 'sport = :{declared.port.port}' on the host shows it")


def _describe(holder: str) -> str:
    if holder in DOCKER:
        return f"docker-proxy ({holder}): a container publishes it"
    return holder


def _suggest_fix(holder: str) -> str:
    if holder in DOCKER:
        return "docker ps shows which container; stop it, or publish it elsewhere"
    return f"stop {holder}, or declare another port; --prune stops it if it is no longer declared"
