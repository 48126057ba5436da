"""The batches of a rollout: which hosts are deployed together, and in which order."""

import re
from collections.abc import Sequence

from qtctl.errors import InputError
from qtctl.plan.pools import compute_limit

_SIZE = re.compile(r"[1-9][0-9]{0,5}|([1-9][0-9]?|100)%")
_MOST = 100


def parse_sizes(text: str) -> tuple[str, ...]:
    """`1,25%,100%`. InputError for anything else."""
    sizes = tuple(each.strip() for each in text.split(","))
    wrong = next((each for each in sizes if _SIZE.fullmatch(each) is None), None)
    if wrong is not None:
        raise InputError(f"{wrong!r} is not the size of a batch", hint="numbers from 1, and percentages: 1,25%,100%")
    if len(sizes) > _MOST:
        raise InputError(f"{len(sizes)} sizes of batches, at most {_MOST}", hint="the last one is used again and again")
    return sizes


def split_batches(hosts: Sequence[str], sizes: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The hosts in their order, in batches of these sizes; the last size is used until none is left.

    A percentage is one of all these hosts, rounded down, and at least one host.
    """
    found: list[tuple[str, ...]] = []
    begin = 0
    while begin < len(hosts):
        size = compute_limit(sizes[min(len(found), len(sizes) - 1)], len(hosts))
        found.append(tuple(hosts[begin : begin + size]))
        begin += size
    return tuple(found)
