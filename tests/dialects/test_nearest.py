"""Which known name a mistyped one was meant to be."""

import pytest

from qtctl.dialects.nearest import Known

KEYS = ("memory_high", "memory_max", "memory_min", "memory_swap_max", "memory_zswap_max", "nofile", "os")
CASES = {
    "memmory_high": "memory_high",
    "memory_hihg": "memory_high",
    "memory-high": "memory_high",
    "MemoryHigh": "memory_high",
    "memory_hig": "memory_high",
    "memory_zwap_max": "memory_zswap_max",
    "nofiles": "nofile",
    "so": "",
    "colour": "",
    "": "",
    "x" * 10_000: "",
}


@pytest.mark.parametrize("name", CASES, ids=lambda name: name[:20])
def test_nearest(name: str) -> None:
    assert Known(KEYS).find_nearest(name) == CASES[name]


def test_of_several_that_are_as_near_the_first_is_meant() -> None:
    assert Known(("what", "why")).find_nearest("wht") == "what"
    assert Known(("box1", "box2")).find_nearest("box") == "box1"


def test_slips_are_found_after_the_first_few_questions() -> None:
    known = Known([f"stream-{number}" for number in range(1000)])
    for number in range(1000):
        assert known.find_nearest(f"straem-{number}") == f"stream-{number}"
