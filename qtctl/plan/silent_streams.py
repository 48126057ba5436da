"""Streams that were fresh before a deploy, and have had no entry since the deploy restarted their producer."""

from collections.abc import Iterator
from dataclasses import dataclass

from qtctl.meaning.streams import measure_age
from qtctl.meaning.units import get_start_us
from qtctl.model.desired import Desired, DesiredKey, DesiredService
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.states import KeyType, ServiceState
from qtctl.model.store_facts import StoreClock, Stream

_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Silent:
    """`up_us`: for how long its producer has been up. Times in microseconds."""

    stream: str
    producer: str
    up_us: int
    max_age_us: int

    @property
    def over(self) -> bool:
        """Whether the producer has had as long as an entry may be old."""
        return self.up_us > self.max_age_us

    @property
    def left_s(self) -> float:
        """Time until `over`, in seconds."""
        return (self.max_age_us - self.up_us) / _S

    def __str__(self) -> str:
        limit = f"max_age is {self.max_age_us // _S} s"
        return f"{self.stream} has had no entry since {self.producer} restarted {self.up_us // _S} s ago ({limit})"


def list_needs(desired: Desired) -> Iterator[Need]:
    for _, key, _ in _list_produced(desired):
        yield Need(Stream.FACT, key.name, key.store)
        yield Need(StoreClock.FACT, key.store)


def list_silent(desired: Desired, before: Facts, now: Facts) -> tuple[Silent, ...]:
    """Streams that cannot be read are left out. The times of entries are compared by the store's own clock."""
    found = []
    for service, key, max_age_us in _list_produced(desired):
        age_before_us, age_us = _read_age_us(before, key), _read_age_us(now, key)
        up_us = _read_up_us(before, now, service.unit)
        if age_before_us is None or age_before_us > max_age_us or age_us is None or up_us is None:
            continue
        if age_us > up_us:
            found.append(Silent(key.name, service.unit, up_us, max_age_us))
    return tuple(found)


def _list_produced(desired: Desired) -> Iterator[tuple[DesiredService, DesiredKey, int]]:
    """Streams with a limit, by the services of this host that should run and publish them."""
    aging = {key.name: (key, key.max_age_us) for key in desired.keys if key.type is KeyType.STREAM and key.max_age_us}
    for service in desired.services:
        if service.state is not ServiceState.RUNNING:
            continue
        for name in dict.fromkeys(service.publishes):
            if name in aging:
                yield service, *aging[name]


def _read_age_us(facts: Facts, key: DesiredKey) -> int | None:
    """None if it cannot be told, or if the stream has never had an entry."""
    needs = Need(Stream.FACT, key.name, key.store), Need(StoreClock.FACT, key.store)
    if not all(facts.find_item(each).state.known for each in needs):
        return None
    stream, clock = facts.read(Stream, key.name, key.store), facts.read(StoreClock, key.store)
    return measure_age(stream, clock).us if stream is not None and clock is not None else None


def _read_up_us(before: Facts, now: Facts, unit: str) -> int | None:
    """For how long it has been up; None if it has not started since, or is not up."""
    start = _read_start_us(now, unit)
    if not start or start == _read_start_us(before, unit):
        return None
    return max(0, now.asked_us(Need(Unit.FACT, unit)) - start)


def _read_start_us(facts: Facts, unit: str) -> int:
    found = facts.find(Unit, unit)
    return get_start_us(found) if found else 0
