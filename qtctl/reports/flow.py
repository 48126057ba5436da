"""The event flow of a fleet: who writes and who reads each stream, where the flow begins, ends and turns in circles.

Who does what is declared; lengths, ages and lags are of the evidence of one host, where there is any.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from qtctl.meaning.event_flow import Actor, EventFlow, Hop, find_circles, find_longest_path, find_path, rank_stages
from qtctl.model.evidence import State
from qtctl.model.registry import Registry
from qtctl.model.service import Service
from qtctl.model.states import KeyType, ServiceState
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.sections_model import GroupRow


class FlowGap(StrEnum):
    """What a declared flow lacks, the worst first."""

    NOT_USED = "not-used"
    """No service writes it, and none reads it."""
    NO_PRODUCER = "no-producer"
    """Services read it, and none writes it."""
    PRODUCERS_STOPPED = "producers-stopped"
    """Services read it, and all that write it are declared stopped."""
    NO_CONSUMER = "no-consumer"
    """Services write it, and none reads it: a dead end, or read by something that no registry declares."""
    CONSUMERS_STOPPED = "consumers-stopped"
    """Services write it, and all that read it are declared stopped."""


class FlowReader(Part):
    """A service that reads a key. `group`: empty where it is no consumer group. `lag` null: not known."""

    service: str
    group: str
    stopped: bool
    lag: int | None
    max_lag: int | None = Field(description="null: no consumer group")
    pending: int | None


class FlowWriter(Part):
    service: str
    stopped: bool


class FlowKey(Part):
    """A stream or another key. `state` null: no evidence, or it is on no store of the host that was asked."""

    name: str
    type: KeyType
    store: str
    summary: str
    writers: tuple[FlowWriter, ...]
    readers: tuple[FlowReader, ...]
    gap: FlowGap | None
    state: State | None
    reason: str
    length: int | None = Field(description="entries; null: not known, or no stream")
    newest_age_s: int | None = Field(description="null: not known, never written, or no stream")


class FlowService(Part):
    """A service that reads or writes a key. `stage`: from 1; a circle is one stage."""

    name: str
    summary: str
    declared: str
    stage: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]


class FlowCircle(Part):
    """Services of which each can reach each other one through streams, and the streams by which they do."""

    services: tuple[str, ...]
    keys: tuple[str, ...]


class LifecycleStep(Part):
    """`by` takes from the key before and writes this one; null: the event begins here, by the `writers` of the key."""

    key: str
    by: str | None
    stopped: bool = Field(description="whether `by` is declared stopped")
    broken: bool = Field(description="no service carries an event from the key before to this one")
    lag: int | None = Field(description="of `by` at the key before; null: not known, or no consumer group")


class Lifecycle(Part):
    """The way of one kind of event. `declared`: in fleet.toml; else it is the longest of the shortest ways."""

    name: str
    summary: str
    declared: bool
    complete: bool = Field(description="whether running services carry an event all the way")
    steps: tuple[LifecycleStep, ...]


class FlowTotals(Part):
    services: int
    streams: int
    other_keys: int
    first_producers: int
    circles: int
    by_gap: dict[FlowGap, int]


class FlowReport(Part):
    """All hosts of the fleet. Entries that are retired are left out."""

    schema_version: int = SCHEMA_VERSION
    fleet: str
    host: str = Field(description="whose evidence it is; empty: without evidence")
    taken_at: str | None
    unreachable: str | None
    totals: FlowTotals
    keys: tuple[FlowKey, ...]
    services: tuple[FlowService, ...] = Field(description="by stage, then by name")
    first_producers: tuple[str, ...] = Field(description="services that write, and read nothing that a service writes")
    circles: tuple[FlowCircle, ...]
    lifecycles: tuple[Lifecycle, ...]

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        if self.totals != _count(self.keys, self.services, self.first_producers, self.circles):
            raise ValueError("the rows do not add up to the totals")
        return self


def build_report(registry: Registry, seen: RegistryReport | None) -> FlowReport:
    """`seen`: the module registry of one host, which has what is known of its streams."""
    services = _list_live(registry)
    flow = EventFlow.of(_make_actor(name, each) for name, each in services.items())
    stopped = frozenset(name for name, each in services.items() if each.state is ServiceState.STOPPED)
    keys = tuple(_list_keys(registry, flow, stopped, seen))
    stages = rank_stages(flow)
    rows = tuple(
        FlowService(
            name=name,
            summary=services[name].summary,
            declared=services[name].state.value,
            stage=stages[name],
            reads=actor.reads,
            writes=actor.writes,
        )
        for name, actor in sorted(flow.actors.items(), key=lambda each: (stages[each[0]], each[0]))
    )
    first = flow.list_first()
    circles = tuple(_make_circle(flow, names) for names in find_circles(flow))
    lags = {(each.service, key.name): each.lag for key in keys for each in key.readers}
    return FlowReport(
        fleet=registry.fleet.name,
        host=seen.host if seen else "",
        taken_at=seen.generated_at if seen else None,
        unreachable=seen.unreachable if seen else None,
        totals=_count(keys, rows, first, circles),
        keys=keys,
        services=rows,
        first_producers=first,
        circles=circles,
        lifecycles=tuple(_list_lifecycles(registry, flow, stopped, lags)),
    )


def _list_live(registry: Registry) -> dict[str, Service]:
    return {
        name: each
        for name, each in sorted(registry.services.items())
        if each.state is not ServiceState.RETIRED
        and any((each.streams.publishes, each.streams.writes, each.streams.consumes, each.streams.reads))
    }


def _make_actor(name: str, service: Service) -> Actor:
    streams = service.streams
    return Actor(
        name,
        tuple(dict.fromkeys((*streams.consumes, *streams.reads))),
        tuple(dict.fromkeys((*streams.publishes, *streams.writes))),
    )


def _list_keys(
    registry: Registry, flow: EventFlow, stopped: frozenset[str], seen: RegistryReport | None
) -> Iterator[FlowKey]:
    streams = {row.name: row for row in seen.streams} if seen else {}
    others = {row.name: row for row in seen.keys} if seen else {}
    groups = {(group.service, row.name): group for row in streams.values() for group in row.groups}
    for name, key in sorted(registry.keys.items()):
        if key.state == "retired":
            continue
        row = streams.get(name)
        look = row or others.get(name)
        yield FlowKey(
            name=name,
            type=key.type,
            store=key.store,
            summary=key.summary,
            writers=tuple(FlowWriter(service=each, stopped=each in stopped) for each in flow.producers.get(name, ())),
            readers=tuple(_list_readers(registry, flow, name, stopped, groups)),
            gap=_find_gap(flow, name, stopped),
            state=look.state if look else None,
            reason=look.reason if look else "",
            length=row.length if row else None,
            newest_age_s=row.newest_age_s if row else None,
        )


def _list_readers(
    registry: Registry,
    flow: EventFlow,
    key: str,
    stopped: frozenset[str],
    groups: Mapping[tuple[str, str], GroupRow],
) -> Iterator[FlowReader]:
    for name in flow.consumers.get(key, ()):
        declared = registry.services[name].streams.consumes.get(key)
        seen = groups.get((name, key))
        most = registry.fleet.thresholds.max_lag
        yield FlowReader(
            service=name,
            group=declared.group if declared else "",
            stopped=name in stopped,
            lag=seen.lag if seen else None,
            max_lag=(most if declared.max_lag is None else declared.max_lag) if declared else None,
            pending=seen.pending if seen else None,
        )


def _find_gap(flow: EventFlow, key: str, stopped: frozenset[str]) -> FlowGap | None:
    writers, readers = flow.producers.get(key, ()), flow.consumers.get(key, ())
    if not writers:
        return FlowGap.NO_PRODUCER if readers else FlowGap.NOT_USED
    if not readers:
        return FlowGap.NO_CONSUMER
    if stopped.issuperset(writers):
        return FlowGap.PRODUCERS_STOPPED
    return FlowGap.CONSUMERS_STOPPED if stopped.issuperset(readers) else None


def _make_circle(flow: EventFlow, names: Sequence[str]) -> FlowCircle:
    inside = frozenset(names)
    keys = {
        key for name in names for key in flow.actors[name].writes if inside.intersection(flow.consumers.get(key, ()))
    }
    return FlowCircle(services=tuple(names), keys=tuple(sorted(keys)))


Lags = Mapping[tuple[str, str], int | None]


def _list_lifecycles(registry: Registry, flow: EventFlow, stopped: frozenset[str], lags: Lags) -> Iterator[Lifecycle]:
    for name, each in sorted(registry.fleet.lifecycles.items()):
        steps = tuple(_follow(flow, each.passes, stopped, lags))
        yield _make_lifecycle(name, each.summary, steps, declared=True)
    if not registry.fleet.lifecycles and (hops := find_longest_path(flow)):
        steps = tuple(_make_steps(hops, hops[0].key, stopped, lags))
        yield _make_lifecycle("longest way", "", steps, declared=False)


def _follow(flow: EventFlow, passes: Sequence[str], stopped: frozenset[str], lags: Lags) -> Iterator[LifecycleStep]:
    """Through each of the keys, by the shortest way from one to the next."""
    yield from _make_steps((Hop("", passes[0]),), passes[0], stopped, lags)
    for before, key in pairwise(passes):
        hops = find_path(flow, before, key)
        if hops is None:
            yield LifecycleStep(key=key, by=None, stopped=False, broken=True, lag=None)
        else:
            yield from _make_steps(hops, before, stopped, lags)


def _make_steps(hops: Iterable[Hop], before: str, stopped: frozenset[str], lags: Lags) -> Iterator[LifecycleStep]:
    for hop in hops:
        yield LifecycleStep(
            key=hop.key, by=hop.by or None, stopped=hop.by in stopped, broken=False, lag=lags.get((hop.by, before))
        )
        before = hop.key


def _make_lifecycle(name: str, summary: str, steps: tuple[LifecycleStep, ...], *, declared: bool) -> Lifecycle:
    complete = not any(each.broken or each.stopped for each in steps)
    return Lifecycle(name=name, summary=summary, declared=declared, complete=complete, steps=steps)


def _count(
    keys: Sequence[FlowKey], services: Sequence[FlowService], first: Sequence[str], circles: Sequence[FlowCircle]
) -> FlowTotals:
    gaps = Counter(each.gap for each in keys)
    streams = sum(each.type is KeyType.STREAM for each in keys)
    return FlowTotals(
        services=len(services),
        streams=streams,
        other_keys=len(keys) - streams,
        first_producers=len(first),
        circles=len(circles),
        by_gap={gap: gaps[gap] for gap in FlowGap},
    )


def to_json(report: FlowReport) -> str:
    return dump(report)
