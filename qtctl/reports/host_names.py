"""Many hosts in a few words: web-1 … web-40."""

import re
from collections.abc import Iterable, Iterator, Sequence

from qtctl.dialects.endpoints import sort_hosts

_NUMBERED = re.compile(r"(.*?)([0-9]{1,9})([^0-9]*)")
_FEW = 2
"""Consecutive hosts that are named one by one."""


def fold_names(hosts: Iterable[str]) -> str:
    """The hosts in their natural order; three or more with consecutive numbers are the first and the last of them."""
    return ", ".join(_fold(sort_hosts(dict.fromkeys(hosts))))


def _fold(hosts: Sequence[str]) -> Iterator[str]:
    run: list[str] = []
    for host in hosts:
        if run and not _follows(run[-1], host):
            yield from _write(run)
            run = []
        run.append(host)
    yield from _write(run)


def _write(run: Sequence[str]) -> Iterator[str]:
    if len(run) > _FEW:
        yield f"{run[0]} … {run[-1]}"
    else:
        yield from run


def _follows(before: str, host: str) -> bool:
    first, second = _NUMBERED.fullmatch(before), _NUMBERED.fullmatch(host)
    if first is None or second is None or (first[1], first[3]) != (second[1], second[3]):
        return False
    return int(second[2]) == int(first[2]) + 1 and len(second[2]) in (len(first[2]), len(str(int(second[2]))))
