"""Which generation a rollback means on a host that two fleets share."""

import pytest

from qtctl.errors import UnusableGeneration
from qtctl.flows.rollback import choose, find_current
from qtctl.model.generation import FOUND, GenerationRecord
from tests.builders.planned import desired, service

QUANTUM = desired(service("a"))


def record(number: int, fleet: str, outcome: str = "confirmed", *, current: bool = False) -> GenerationRecord:
    return GenerationRecord(number, outcome, current, 0, (("fleet", fleet),), ())


SHARED = (
    record(6, "tools", current=True),
    record(5, "tools"),
    record(4, "quantum"),
    record(3, "quantum", "restored"),
    record(2, "tools"),
    record(1, "quantum"),
    record(0, "quantum", FOUND),
)


def test_another_fleet_may_have_deployed_since() -> None:
    current = find_current(SHARED, "quantum")
    assert current is not None
    assert current.number == 4
    assert choose(SHARED, None, QUANTUM, "web-1").number == 1
    assert find_current(SHARED, "other") is None
    assert find_current((), "quantum") is None


def test_after_a_rollback_that_was_confirmed_the_one_before_is_meant() -> None:
    again = (record(7, "quantum", current=True), *SHARED[1:])
    assert choose(again, None, QUANTUM, "web-1").number == 4


def test_what_was_found_is_only_offered_to_whose_first_deploy_it_was() -> None:
    with pytest.raises(UnusableGeneration, match="qtctl had not deployed to it") as caught:
        choose((record(1, "quantum", current=True), SHARED[-1]), None, QUANTUM, "web-1")
    assert "--to 0" in caught.value.hint
    of_others = (record(2, "quantum", current=True), record(1, "tools"), record(0, "tools", FOUND))
    with pytest.raises(UnusableGeneration, match="no generation before the current one"):
        choose(of_others, None, QUANTUM, "web-1")
