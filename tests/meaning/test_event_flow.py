"""Circles, stages and ways of a flow, compared with what walking it step by step shows."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.meaning.event_flow import Actor, EventFlow, find_cycles, find_longest_path, find_path, rank_stages

KEYS = ("k0", "k1", "k2", "k3", "k4")
SOME = st.lists(st.sampled_from(KEYS), max_size=3, unique=True).map(tuple)
FLOWS = st.dictionaries(st.sampled_from("abcdef"), st.tuples(SOME, SOME), min_size=1).map(
    lambda each: EventFlow.of(Actor(name, reads, writes) for name, (reads, writes) in each.items())
)


def chain(*links: tuple[str, str, str]) -> EventFlow:
    """Of services that each read one key and write one: "" for none."""
    return EventFlow.of(Actor(name, (reads,) * bool(reads), (writes,) * bool(writes)) for name, reads, writes in links)


LINE = chain(("feed", "", "tick"), ("model", "tick", "signal"), ("trade", "signal", "order"), ("book", "order", ""))
ROUND = chain(("feed", "", "a"), ("x", "a", "b"), ("y", "b", "c"), ("z", "c", "a"), ("end", "c", "d"))


def reach(flow: EventFlow, actor: str) -> set[str]:
    """The services that events of one can come to, by one step or more."""
    found: set[str] = set()
    waiting = [actor]
    while waiting:
        new = {*flow.list_next(waiting.pop())} - found
        found |= new
        waiting += new
    return found


def test_a_line_has_stages_and_no_circle() -> None:
    assert rank_stages(LINE) == {"feed": 1, "model": 2, "trade": 3, "book": 4}
    assert find_cycles(LINE) == ()
    assert LINE.list_first() == ("feed",)
    assert find_path(LINE, "tick", "order") == ("signal", "order")
    assert find_longest_path(LINE) == ("tick", "signal", "order")
    assert LINE.list_carriers("tick", "signal") == ("model",)


def test_a_circle_is_one_stage() -> None:
    assert find_cycles(ROUND) == (("x", "y", "z"),)
    assert rank_stages(ROUND) == {"feed": 1, "x": 2, "y": 2, "z": 2, "end": 3}
    assert find_path(ROUND, "b", "a") == ("c", "a")
    assert find_path(ROUND, "d", "a") is None


def test_a_service_that_reads_what_it_writes_is_a_circle() -> None:
    assert find_cycles(chain(("echo", "a", "a"))) == (("echo",),)


def test_a_thousand_services_in_a_row_need_no_recursion() -> None:
    long = chain(*((f"s{n:04}", f"k{n}" if n else "", f"k{n + 1}") for n in range(3000)))
    assert max(rank_stages(long).values()) == 3000
    assert len(find_longest_path(long)) == 3000


@settings(max_examples=150, deadline=None)
@given(FLOWS)
def test_circles_and_stages_are_those_of_walking(flow: EventFlow) -> None:
    reached = {name: reach(flow, name) for name in flow.actors}
    together = {frozenset(other for other in reached[name] if name in reached[other]) for name in flow.actors}
    assert {frozenset(names) for names in find_cycles(flow)} == together - {frozenset()}
    stage = rank_stages(flow)
    assert stage.keys() == flow.actors.keys()
    for name in flow.actors:
        for other in flow.list_next(name):
            assert stage[other] == stage[name] if name in reached[other] else stage[other] > stage[name]
    for name, at in stage.items():
        above = [stage[each] for each in flow.actors if name in reached[each] and each not in reached[name]]
        assert at == max(above, default=0) + 1


@settings(max_examples=150, deadline=None)
@given(FLOWS, st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_a_way_is_one_that_services_take_and_none_is_shorter(flow: EventFlow, start: str, end: str) -> None:
    level, distance = {start}, {start: 0}
    while level:
        level = {key for at in level for name in flow.consumers.get(at, ()) for key in flow.actors[name].writes}
        level -= distance.keys()
        distance.update(dict.fromkeys(level, max(distance.values()) + 1))
    found = find_path(flow, start, end)
    if end not in distance:
        assert found is None
        return
    assert found is not None
    assert len(found) == distance[end]
    assert all(flow.list_carriers(before, key) for before, key in pairwise((start, *found)))


@settings(max_examples=100, deadline=None)
@given(FLOWS)
def test_the_longest_way_begins_where_events_begin(flow: EventFlow) -> None:
    found = find_longest_path(flow)
    starts = {key for name in flow.list_first() for key in flow.actors[name].writes}
    assert bool(found) == bool(starts)
    if found:
        assert found[0] in starts
        assert all(flow.list_carriers(before, key) for before, key in pairwise(found))
