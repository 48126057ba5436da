"""Pools: the running instances of a template on one host, of which a deploy restarts only some at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qtctl.model.desired import Desired, DesiredService
from qtctl.model.plan import Note, NoteKind, Step, StepKind
from qtctl.model.states import ServiceState

_PERCENT = "%"
_STAYS_NOT_UP = "oneshot"


@dataclass(frozen=True, slots=True)
class Pool:
    """`units`: sorted by name; at most `limit` of them may be down at once while they are restarted."""

    template: str
    units: tuple[str, ...]
    limit: int
    ports: tuple[tuple[int, ...], ...]
    """For each unit the TCP ports that it must listen on before it counts as up again."""

    @property
    def in_parts(self) -> bool:
        return self.limit < len(self.units)


def list_pools(desired: Desired) -> tuple[Pool, ...]:
    """Sorted by template. A template with one running instance is a pool that has no parts."""
    by_template: dict[str, list[DesiredService]] = {}
    for service in desired.services:
        if service.template and service.state is ServiceState.RUNNING and service.type != _STAYS_NOT_UP:
            by_template.setdefault(service.template, []).append(service)
    return tuple(_make_pool(template, services) for template, services in sorted(by_template.items()))


def _make_pool(template: str, services: list[DesiredService]) -> Pool:
    members = sorted(services, key=lambda each: each.unit)
    return Pool(
        template,
        tuple(each.unit for each in members),
        compute_limit(members[0].max_unavailable, len(members)),
        tuple(tuple(sorted({port.port for port in each.ports if port.protocol == "tcp"})) for each in members),
    )


def compute_limit(part: str, count: int) -> int:
    """How many of `count` things a part like `2` or `25%` is: rounded down, at least 1, at most all."""
    wanted = count * int(part.removesuffix(_PERCENT)) // 100 if part.endswith(_PERCENT) else int(part)
    return min(max(wanted, 1), max(count, 1))


def map_parted_units(desired: Desired) -> dict[str, Pool]:
    """Unit → its pool, for the units of pools that are restarted in parts."""
    return {unit: pool for pool in list_pools(desired) if pool.in_parts for unit in pool.units}


def list_notes(desired: Desired, steps: Iterable[Step]) -> Iterator[Note]:
    """A note for each pool of which more are restarted than may be down at once, or all are stopped first."""
    every = tuple(steps)
    restarted = {step.subject for step in every if step.kind is StepKind.RESTART}
    stopped = {step.subject for step in every if step.kind is StepKind.STOP}
    for pool in list_pools(desired):
        count = sum(unit in restarted for unit in pool.units)
        at_once = sum(unit in stopped for unit in pool.units)
        if pool.in_parts and at_once > pool.limit:
            yield Note(NoteKind.POOL, pool.template, f"{at_once} of its {len(pool.units)} instances stop together")
        elif pool.in_parts and count > pool.limit:
            yield Note(NoteKind.POOL, pool.template, _describe_parts(pool, count))


def _describe_parts(pool: Pool, count: int) -> str:
    return f"{count} of its {len(pool.units)} instances are restarted, at most {pool.limit} at a time"
