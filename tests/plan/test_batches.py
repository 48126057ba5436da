"""The batches of a rollout."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.errors import InputError
from qtctl.plan.batches import parse_sizes, split_batches

TWELVE = tuple(f"web-{number}" for number in range(1, 13))
SIZES = [
    ("1,25%,100%", 12, [1, 3, 8]),
    ("1,25%,100%", 3, [1, 1, 1]),
    ("1,25%,100%", 1, [1]),
    ("1,25%", 12, [1, 3, 3, 3, 2]),
    ("100%", 12, [12]),
    ("1", 3, [1, 1, 1]),
    ("50%", 5, [2, 2, 1]),
    ("1,2", 0, []),
    ("99999", 2, [2]),
]


@pytest.mark.parametrize(("sizes", "count", "found"), SIZES)
def test_the_last_size_is_used_until_no_host_is_left(sizes: str, count: int, found: list[int]) -> None:
    assert [len(batch) for batch in split_batches(TWELVE[:count], parse_sizes(sizes))] == found


@given(
    st.integers(0, 60),
    st.lists(st.one_of(st.integers(1, 9).map(str), st.integers(1, 100).map("{}%".format)), min_size=1, max_size=4),
)
def test_every_host_is_in_one_batch_in_order(count: int, sizes: list[str]) -> None:
    hosts = [str(number) for number in range(count)]
    batches = split_batches(hosts, sizes)
    assert [host for batch in batches for host in batch] == hosts
    assert all(batches)


@pytest.mark.parametrize("text", ["", "0", "1,,2", "101%", "0%", "half", "-1", "1;2", "1.5", "25 %"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(InputError, match="not the size of a batch"):
        parse_sizes(text)
