"""Lines of several hosts, in the order in which they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.meaning.log_order import Reorder, measure_offset, merge_by_time
from qtctl.model.log_line import LogLine


def line(at: int, host: str = "a", message: str = "") -> LogLine:
    return LogLine(at, host, "a.service", "a", message, at)


TIMES = st.lists(st.integers(0, 1000), max_size=30)
HOSTS = st.dictionaries(st.sampled_from("abcde"), TIMES, max_size=5)


def make_hosts(times: dict[str, list[int]]) -> list[list[LogLine]]:
    return [[line(at, host, f"{host}{number}") for number, at in enumerate(each)] for host, each in times.items()]


@given(HOSTS)
def test_merged_lines_are_sorted(times: dict[str, list[int]]) -> None:
    hosts = make_hosts({host: sorted(each) for host, each in times.items()})
    merged = merge_by_time(hosts)
    assert [each.at for each in merged] == sorted(each.at for lines in hosts for each in lines)
    for lines in hosts:
        assert [each for each in merged if lines and each.host == lines[0].host] == lines


@given(HOSTS)
def test_nothing_is_lost_if_a_journal_is_not_sorted(times: dict[str, list[int]]) -> None:
    """A clock that was set back: the journal has its own order, and keeps it."""
    hosts = make_hosts(times)
    merged = merge_by_time(hosts)
    for lines in hosts:
        assert [each for each in merged if lines and each.host == lines[0].host] == lines
    assert len(merged) == sum(map(len, hosts))


@given(HOSTS, st.integers(0, 20))
def test_the_newest_of_all(times: dict[str, list[int]], most: int) -> None:
    hosts = make_hosts({host: sorted(each) for host, each in times.items()})
    every = merge_by_time(hosts)
    assert merge_by_time(hosts, most) == (every[-most:] if most else [])


@given(
    ahead=st.integers(-(10**8), 10**8),
    trips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=8),
)
def test_a_clock_is_known_as_well_as_it_says(ahead: int, trips: list[tuple[int, int]]) -> None:
    """Whatever the two ways took, the true offset is within what is said."""
    at, exchanges = 10**15, []
    for there, back in trips:
        exchanges.append((at, at + there + ahead, at + there + back))
        at += there + back
    found = measure_offset(exchanges)
    assert abs(found.ahead - ahead) <= found.within + 1
    assert found.within <= min(there + back for there, back in trips) / 2 + 1


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from("abc")), max_size=40),
    st.lists(st.integers(0, 200), min_size=40, max_size=40),
)
def test_lines_that_are_held_long_enough_come_in_order(written: list[tuple[int, str]], delays: list[int]) -> None:
    """A line that is delayed by less than what lines are held comes before those that were written later."""
    arrivals: list[tuple[int, int, LogLine]] = []
    newest: dict[str, int] = {}
    for number, (at, host) in enumerate(sorted(written)):
        came = newest[host] = max(newest.get(host, 0), at + delays[number])
        arrivals.append((came, number, line(at, host, f"{number}")))
    order = Reorder(201)
    shown: list[LogLine] = []
    for came, _, each in sorted(arrivals, key=lambda each: each[:2]):
        shown += order.take(came)
        order.add(each, came)
    shown += order.take_all()
    assert [each.at for each in shown] == sorted(at for at, _ in written)
    assert len(order) == 0


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from("abc")), max_size=40))
def test_no_line_waits_longer_than_it_may(written: list[tuple[int, str]]) -> None:
    """Not even behind the lines of a host whose clock runs ahead, or jumps."""
    order, waiting = Reorder(5), {}
    for now, (at, host) in enumerate(written):
        order.add(line(at, host, f"{now}"), now)
        waiting[f"{now}"] = now
        for each in order.take(now):
            assert now - waiting.pop(each.message) <= 5
        assert all(now - since < 5 for since in waiting.values())


def test_a_clock_that_is_wrong_is_made_good() -> None:
    """One host is 40 s behind: its lines are stamped before those that they follow."""
    right = [line(at * 1_000_000, "right", f"{at}") for at in (100, 102, 104)]
    wrong = [line(at * 1_000_000, "wrong", f"{at}")._replace(stamped=(at - 40) * 1_000_000) for at in (101, 103)]
    assert [each.message for each in merge_by_time([right, wrong])] == ["100", "101", "102", "103", "104"]


@pytest.mark.parametrize("exchanges", [[(0, 50, 10), (10, 55, 11)], [(10, 55, 11), (0, 50, 10)]])
def test_the_quickest_answer_counts(exchanges: list[tuple[int, int, int]]) -> None:
    assert measure_offset(exchanges).ahead == 45
