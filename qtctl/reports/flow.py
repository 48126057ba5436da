"""The event flow of a fleet: who writes and reads each stream, where the flow begins, ends and runs in cycles.

Who does what is declared; lengths, ages and lags come from the evidence of one host, if there is any.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from qtctl.meaning.event_flow import Actor, EventFlow, find_cycles, find_longest_path, find_path, rank_stages
from qtctl.model.evidence import State
from qtctl.model.names import list_units
from qtctl.model.registry import Registry
from qtctl.model.service import Service
from qtctl.model.states import KeyType, ServiceState
from qtctl.reports.categories import Category
from qtctl.reports.document import SCHEMA_VERSION, Part, dump
from qtctl.reports.module_registry import RegistryReport
from qtctl.reports.sections_model import GroupRow


class FlowGap(StrEnum):
    """What a declared flow lacks, worst first."""

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
    """A service that reads a key. `group`: empty without a consumer group. `lag`: null if unknown."""

    service: str
    group: str
    stopped: bool
    lag: int | None
    max_lag: int | None = Field(description="null if there is no consumer group")
    pending: int | None
    proof_line: str = Field(description="the question, and the line that answers it; empty if it was not asked")


def is_late(reader: FlowReader) -> bool:
    """Whether it has fallen behind by more than is allowed."""
    return reader.lag is not None and reader.max_lag is not None and reader.lag > reader.max_lag


class FlowWriter(Part):
    service: str
    stopped: bool


class FlowKey(Part):
    """A stream or another key. `state`: null without evidence, or if no store of the audited host has it."""

    name: str
    type: KeyType
    store: str
    summary: str
    writers: tuple[FlowWriter, ...]
    readers: tuple[FlowReader, ...]
    gap: FlowGap | None
    state: State | None
    reason: str
    length: int | None = Field(description="number of entries; null if unknown, or if it is not a stream")
    newest_age_s: int | None = Field(description="null if unknown, never written, or not a stream")
    proof_line: str = Field(description="the question, and the line that answers it; empty if it was not asked")


class FlowService(Part):
    """A service that reads or writes a key. `stage`: from 1; a cycle is one stage."""

    name: str
    summary: str
    declared: str
    category: Category | None = Field(
        description="in which state it was found; null if this host was not asked about it"
    )
    stage: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]


class FlowCircle(Part):
    """Services that can all reach each other through streams, and those streams."""

    services: tuple[str, ...]
    keys: tuple[str, ...]


class Carrier(Part):
    """A service that takes an event from the previous key and writes it to the next; for the first key, it creates it.

    `lag`: of its group at the previous key; null if unknown, or if it has no group there.
    """

    service: str
    stopped: bool
    category: Category | None = Field(
        description="in which state it was found; null if this host was not asked about it"
    )
    lag: int | None


class LifecycleStep(Part):
    """`carriers`: the services that carry an event from the previous key to this one; possibly none."""

    key: str
    carriers: tuple[Carrier, ...]

    @property
    def works(self) -> bool:
        return any(not each.stopped for each in self.carriers)


class Lifecycle(Part):
    """The path of one kind of event. `declared`: in fleet.toml; otherwise it is the longest of the shortest paths."""

    name: str
    summary: str
    declared: bool
    complete: bool = Field(
        description="whether services that are declared to run carry an event from the first key to the last"
    )
    steps: tuple[LifecycleStep, ...]


class FlowTotals(Part):
    services: int
    streams: int
    other_keys: int
    first_producers: int
    circles: int
    by_gap: dict[FlowGap, int]


class FlowReport(Part):
    """The event flow over all hosts of the fleet, without retired entries."""

    schema_version: int = SCHEMA_VERSION
    fleet: str
    host: str = Field(description="the host that the evidence is from; empty without evidence")
    taken_at: str | None
    unreachable: str | None
    totals: FlowTotals
    keys: tuple[FlowKey, ...]
    services: tuple[FlowService, ...] = Field(description="by stage, then by name")
    first_producers: tuple[str, ...] = Field(description="services that write, but read nothing that a service writes")
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
    categories = _find_categories(registry, services, seen)
    rows = tuple(
        FlowService(
            name=name,
            summary=services[name].summary,
            declared=services[name].state.value,
            category=categories.get(name),
            stage=stages[name],
            reads=actor.reads,
            writes=actor.writes,
        )
        for name, actor in sorted(flow.actors.items(), key=lambda each: (stages[each[0]], each[0]))
    )
    first = flow.list_first()
    circles = tuple(_make_cycle(flow, names) for names in find_cycles(flow))
    ways = _Ways(
        flow, stopped, {(each.service, key.name): each.lag for key in keys for each in key.readers}, categories
    )
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
        lifecycles=tuple(_list_lifecycles(registry, ways)),
    )


def _list_live(registry: Registry) -> dict[str, Service]:
    return {
        name: each
        for name, each in sorted(registry.services.items())
        if each.state is not ServiceState.RETIRED and (each.streams.list_written() or each.streams.list_read())
    }


def _make_actor(name: str, service: Service) -> Actor:
    return Actor(name, service.streams.list_read(), service.streams.list_written())


def _list_keys(
    registry: Registry, flow: EventFlow, stopped: frozenset[str], seen: RegistryReport | None
) -> Iterator[FlowKey]:
    streams = {row.name: row for row in seen.streams} if seen else {}
    others = {row.name: row for row in seen.keys} if seen else {}
    groups = {row.name: row.groups for row in streams.values()}
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
            readers=tuple(_list_readers(registry, flow, name, stopped, groups.get(name, ()))),
            gap=_find_gap(flow, name, stopped),
            state=look.state if look else None,
            reason=look.reason if look else "",
            length=row.length if row else None,
            newest_age_s=row.newest_age_s if row else None,
            proof_line=look.proof_line if look else "",
        )


def _list_readers(
    registry: Registry,
    flow: EventFlow,
    key: str,
    stopped: frozenset[str],
    groups: Sequence[GroupRow],
) -> Iterator[FlowReader]:
    for name in flow.consumers.get(key, ()):
        declared = registry.services[name].streams.consumes.get(key)
        own = [each for each in groups if _is_of(each.service, name)]
        most = registry.fleet.thresholds.max_lag
        yield FlowReader(
            service=name,
            group=declared.group if declared else "",
            stopped=name in stopped,
            lag=_choose_worst(each.lag for each in own),
            max_lag=(most if declared.max_lag is None else declared.max_lag) if declared else None,
            pending=_choose_worst(each.pending for each in own),
            proof_line=own[0].proof_line if own else "",
        )


def _is_of(service: str, name: str) -> bool:
    """Whether it is the service of this name, or an instance of the template of this name."""
    return service == name or (name.endswith("@") and service.startswith(name))


def _choose_worst(numbers: Iterable[int | None]) -> int | None:
    """Of the instances of a template, each of which has its own; None where one is not known."""
    every = list(numbers)
    known = [each for each in every if each is not None]
    return max(known) if known and len(known) == len(every) else None


def _find_gap(flow: EventFlow, key: str, stopped: frozenset[str]) -> FlowGap | None:
    writers, readers = flow.producers.get(key, ()), flow.consumers.get(key, ())
    if not writers:
        return FlowGap.NO_PRODUCER if readers else FlowGap.NOT_USED
    if not readers:
        return FlowGap.NO_CONSUMER
    if stopped.issuperset(writers):
        return FlowGap.PRODUCERS_STOPPED
    return FlowGap.CONSUMERS_STOPPED if stopped.issuperset(readers) else None


def _make_cycle(flow: EventFlow, names: Sequence[str]) -> FlowCircle:
    inside = frozenset(names)
    keys = {
        key for name in names for key in flow.actors[name].writes if inside.intersection(flow.consumers.get(key, ()))
    }
    return FlowCircle(services=tuple(names), keys=tuple(sorted(keys)))


@dataclass(frozen=True, slots=True)
class _Ways:
    """The flow, with what is known of who carries an event. `lags`: by service and key."""

    flow: EventFlow
    stopped: frozenset[str]
    lags: Mapping[tuple[str, str], int | None]
    categories: Mapping[str, Category]

    def make_steps(self, before: str | None, keys: Iterable[str]) -> Iterator[LifecycleStep]:
        """From key to key; without `before`, the first is where an event begins."""
        for key in keys:
            names = self.flow.producers.get(key, ()) if before is None else self.flow.list_carriers(before, key)
            yield LifecycleStep(key=key, carriers=tuple(self._make_carrier(name, before) for name in names))
            before = key

    def _make_carrier(self, name: str, before: str | None) -> Carrier:
        lag = self.lags.get((name, before)) if before is not None else None
        return Carrier(service=name, stopped=name in self.stopped, category=self.categories.get(name), lag=lag)


def _find_categories(registry: Registry, services: Iterable[str], seen: RegistryReport | None) -> dict[str, Category]:
    """How services were found, by their names in the registry. Of a template's instances, one that does not run."""
    found = {module.unit: module.category for module in seen.modules} if seen else {}
    named = (
        (name, [found[unit] for unit in list_units(registry, "services", name) if unit in found]) for name in services
    )
    return {
        name: next((each for each in those if each is not Category.RUNNING), Category.RUNNING)
        for name, those in named
        if those
    }


def _list_lifecycles(registry: Registry, ways: _Ways) -> Iterator[Lifecycle]:
    for name, each in sorted(registry.fleet.lifecycles.items()):
        yield _make_lifecycle(name, each.summary, _follow(ways, each.passes), declared=True)
    if not registry.fleet.lifecycles and (keys := find_longest_path(ways.flow)):
        yield _make_lifecycle("longest way", "", ways.make_steps(None, keys), declared=False)


def _follow(ways: _Ways, passes: Sequence[str]) -> Iterator[LifecycleStep]:
    """Through all of the keys, by the shortest way from one to the next."""
    yield from ways.make_steps(None, passes[:1])
    for before, key in pairwise(passes):
        yield from ways.make_steps(before, find_path(ways.flow, before, key) or (key,))


def _make_lifecycle(name: str, summary: str, steps: Iterable[LifecycleStep], *, declared: bool) -> Lifecycle:
    made = tuple(steps)
    complete = all(each.works for each in made)
    return Lifecycle(name=name, summary=summary, declared=declared, complete=complete, steps=made)


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
