"""A year of monthly snapshots of a changing fleet, against cases that were checked by hand."""

import pytest

from qtctl.history.evolve import evolve, make_source
from qtctl.model.evolution import How
from qtctl.model.snapshot import RowKind
from tests.history.year import months, read_year, short, snapshots

MONTHS = list(months())
EVOLUTION = evolve([make_source(each, "year") for each in snapshots()])


@pytest.mark.parametrize("number", range(1, len(MONTHS)), ids=[each.taken[:7] for each in MONTHS[1:]])
def test_each_month_changed_as_was_checked_by_hand(number: int) -> None:
    step = EVOLUTION.steps[number - 1]
    assert sorted(map(short, step.changes)) == sorted(MONTHS[number].steps)
    assert step.silent == ()


def test_the_year_as_a_whole() -> None:
    expected = read_year()["whole"]
    assert sorted(map(short, EVOLUTION.whole.changes)) == sorted(expected["changes"])
    found = {
        each.kind.value: [each.was, each.now, each.kept, each.lost, each.gained, each.unknown]
        for each in EVOLUTION.balances
    }
    assert found == expected["balances"]


def test_lost_and_gained_add_up_in_every_step() -> None:
    for before, after in zip(snapshots(), snapshots()[1:], strict=False):
        for each in evolve([make_source(before, "a"), make_source(after, "b")]).balances:
            assert each.kept + each.lost + each.unknown == each.was
            assert each.kept + each.gained == each.now


def test_what_moved_says_from_where_to_where() -> None:
    port = next(each for each in EVOLUTION.steps[1].changes if each.kind is RowKind.PORT)
    assert port.how is How.MOVED
    assert [(each.field, each.before, each.after) for each in port.fields] == [
        ("service", "risk-safety", "position-monitor")
    ]


def test_points_are_called_by_the_shortest_time_that_tells_them_apart() -> None:
    assert [each.label for each in EVOLUTION.points][:2] == ["2026-01-01", "2026-02-01"]
    twice = evolve([make_source(snapshots()[0], "a"), make_source(snapshots()[0], "b")])
    assert [each.label for each in twice.points] == ["2026-01-01 00:05:00 #1", "2026-01-01 00:05:00 #2"]
    assert twice.whole.changes == ()
