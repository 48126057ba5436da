"""QT515: a service that runs writes to the streams that it publishes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.streams import measure_age
from qtctl.meaning.units import is_up, read_unit
from qtctl.model.desired import Desired, DesiredKey, DesiredService
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.model.states import KeyType, ServiceState
from qtctl.model.store_facts import StoreClock, Stream
from qtctl.rules import proofs
from qtctl.rules.host.streams import list_keys
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

SECOND = 1_000_000
SEVERAL = 2
"""Streams of one producer: for a single one, QT503 says everything."""
Published = tuple[tuple[DesiredKey, DesiredStore], ...]


@dataclass(frozen=True, slots=True)
class Producer:
    """A service that must run, the streams that it publishes, and how old the newest entry of all may be."""

    service: DesiredService
    streams: Published
    silent_us: int


def list_producers(desired: Desired) -> Iterator[Producer]:
    """A service's own setting counts; without one, those of all its streams."""
    known = {key.name: (key, store) for key, store in list_keys(desired) if key.type is KeyType.STREAM}
    for service in desired.services:
        if service.state is not ServiceState.RUNNING:
            continue
        streams = tuple(known[name] for name in dict.fromkeys(service.publishes) if name in known)
        silent_us = service.silent_us if service.silent_us is not None else _find_longest_age(streams)
        if streams and silent_us is not None:
            yield Producer(service, streams, silent_us)


def _list_stores(producer: Producer) -> list[str]:
    return sorted({key.store for key, _ in producer.streams})


def _find_longest_age(streams: Published) -> int | None:
    ages = [key.max_age_us for key, _ in streams if key.max_age_us is not None]
    return max(ages) if len(ages) == len(streams) >= SEVERAL else None


def _expect_fresh_entries(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            each.service.unit,
            {"silent_s": {"max": each.silent_us // SECOND}},
            (
                *(Need(Stream.FACT, key.name, key.store) for key, _ in each.streams),
                *(Need(StoreClock.FACT, store) for store in _list_stores(each)),
            ),
            partial(_is_heard, producer=each),
            each.service.origin.at("streams", "publishes"),
            tuple((id_, store) for store in _list_stores(each) for id_ in ("QT512", "QT519")),
        )
        for each in list_producers(desired)
    )


def _is_heard(facts: Facts, producer: Producer) -> Judgment:
    """If no stream has an entry, that is QT501's or QT503's; ids that no clock explains are QT514's."""
    ages = _list_ages(facts, producer.streams)
    if not ages:
        return NOT_JUDGED
    youngest_us, last_id, (key, store) = min(ages, key=lambda each: each[0])
    source = proofs.prove_newest_entry(Need(Stream.FACT, key.name, key.store), store, key.name, last_id)
    observed: JsonObject = {"silent_s": youngest_us // SECOND, "newest": {key.name: last_id}}
    if youngest_us <= producer.silent_us:
        return Verdict(True, observed, (source,))
    item = facts.find_item(Need(Unit.FACT, producer.service.unit))
    if not item.state.known:
        return Verdict(False, observed, (source,), unknown=f"whether it runs is unknown: {item.reason}")
    unit = read_unit(facts, producer.service.unit)
    if unit is None or not is_up(unit.active_state):
        return NOT_JUDGED
    remedy = make_steps(
        ("journalctl", "-u", producer.service.unit, "-n", "50", "--no-pager"),
        "it runs and writes nothing: a lost connection, a dead thread, or nothing to write; once that is known",
        ("systemctl", "restart", producer.service.unit),
    )
    return Verdict(False, observed, (source,), remedy=remedy)


def _list_ages(facts: Facts, streams: Published) -> list[tuple[int, str, tuple[DesiredKey, DesiredStore]]]:
    """Age and id of the newest entry of each stream that has one; nothing if one of them cannot be told."""
    found = []
    for key, store in streams:
        stream, clock = facts.read(Stream, key.name, key.store), facts.read(StoreClock, key.store)
        age = measure_age(stream, clock) if stream is not None and clock is not None else None
        if stream is None or age is None:
            continue
        if age.unknown:
            return []
        if age.us is not None:
            found.append((age.us, stream.last_id, (key, store)))
    return found


QT515 = Rule(
    "QT515",
    "producer is silent",
    Severity.ERROR,
    several="producers are silent",
    what="A service runs, and the newest entry of all the streams that it publishes is older than its `silent_after`; "
    "if it declares none, older than the longest `max_age` of its streams, where it publishes several and each has "
    "one. Redis does not say who wrote an entry: while another service writes to one of these streams, this one does "
    "not count as silent.",
    why="A single quiet stream may have nothing to say (QT503). A producer whose streams are all quiet has lost its "
    "exchange, its thread or its Redis, while systemd and its health URL call it healthy.",
    fix="Read its journal from around the time of the newest entry. Restart the service once the cause is known. If "
    "it is naturally quiet, at night or while a market is closed, declare a longer `silent_after`.",
    expect=_expect_fresh_entries,
)
RULES = (QT515,)
