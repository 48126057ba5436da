"""A producer that a deploy restarts must be heard again, before an entry is older than the stream allows."""

from dataclasses import replace

import pytest

from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts
from qtctl.model.store_facts import StoreClock, Stream
from qtctl.plan.silent_streams import list_needs, list_silent
from tests.builders.audited import ENGINE, NOW_US, SECOND, SIZES, desired, key, running_unit
from tests.builders.evidence import miss, observe

AT = "2026-01-17T07:25:00Z"
WANTED = desired(keys=(key(SIZES), key("quantum:stream:other")))


def look(age_s: float | None, up_s: float) -> Facts:
    """The newest entry of the stream is so old (None: that is unknown), and its producer has been up for so long."""
    unknown = miss(Stream.FACT, SIZES, State.REFUSED, "NOAUTH", store="redis")
    ms = NOW_US // 1000 - int((age_s or 0) * 1000)
    unit = running_unit(exec_main_start_timestamp=NOW_US - int(up_s * SECOND))
    return Facts(
        [
            unknown if age_s is None else observe(SIZES, Stream(1, f"{ms}-0", ms, 0), store="redis"),
            observe("redis", StoreClock(NOW_US)),
            observe(ENGINE, unit),
        ],
        AT,
    )


BEFORE = look(5, 5000)


@pytest.mark.parametrize(
    ("before", "now", "silent"),
    [
        (BEFORE, look(40, 30), (30, False)),
        (BEFORE, look(90, 61), (61, True)),
        (BEFORE, look(10, 30), None),
        (BEFORE, look(90, 5000), None),
        (BEFORE, look(None, 61), None),
        (look(61, 5000), look(90, 61), None),
        (look(None, 5000), look(90, 61), None),
    ],
    ids=["not yet heard", "not heard in time", "heard", "not restarted", "unknown", "stale before", "unknown before"],
)
def test_a_restarted_producer_is_silent(before: Facts, now: Facts, silent: tuple[int, bool] | None) -> None:
    found = list_silent(WANTED, before, now)
    assert [(each.up_us // SECOND, each.over) for each in found] == ([silent] if silent else [])
    if silent:
        assert (found[0].stream, found[0].producer) == (SIZES, ENGINE)
        assert str(found[0]) == f"{SIZES} has had no entry since {ENGINE} restarted {silent[0]} s ago (max_age is 60 s)"


def test_only_streams_with_a_limit_that_this_host_publishes_are_asked_about() -> None:
    assert set(list_needs(WANTED)) == {Need(Stream.FACT, SIZES, "redis"), Need(StoreClock.FACT, "redis")}
    assert list(list_needs(replace(WANTED, keys=(key(SIZES, max_age_us=None),)))) == []
