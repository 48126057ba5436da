"""Time grows as the input does: four times the input takes at most eight times the CPU, whatever there is more of."""

from collections.abc import Callable
from time import process_time

import pytest

from tests.fuzz.growth import GROWTH
from tests.fuzz.targets import TARGETS

MORE = 4
AT_MOST = 8.0
"""Twice as much as linear, half as much as quadratic."""
ENOUGH_S = 0.05
"""Less than that is not told apart from the noise of a busy machine."""
LARGEST = 2**18


@pytest.mark.parametrize("name", GROWTH)
def test_time_grows_with_the_input(name: str) -> None:
    """Sizes are raised until the smaller one takes long enough to be measured, or there is a quarter of a megabyte."""
    target, make = GROWTH[name]
    count = 256
    took = _cpu(target, make, count)
    while took < ENOUGH_S and len(make(count * MORE)) < LARGEST:
        count *= 2
        took = _cpu(target, make, count)
    longer = _cpu(target, make, count * MORE)
    assert longer < max(took, ENOUGH_S / 2) * AT_MOST, f"{took:.2f} s of {count}, {longer:.2f} s of {count * MORE}"


def _cpu(target: str, make: Callable[[int], bytes], count: int) -> float:
    data = make(count)
    begin = process_time()
    TARGETS[target].law(data)
    return process_time() - begin
