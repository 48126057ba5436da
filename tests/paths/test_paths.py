"""Every path that a command takes, of every kind that can be wrong: one line, exit 2, in time, and nothing left behind.

All of it takes eight minutes or more: QTCTL_PATHS=all. Otherwise each path is of one kind, and each role meets many.
"""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from tests.paths.ground import KINDS, Ground, Kind, make_ground
from tests.paths.lines import LINES, UNFIT, Named, Role, list_named

SECONDS = 30.0
FEW = 1
ALL = os.environ.get("QTCTL_PATHS") == "all"
ANY = {0, 1, 2, 3, 4}
NEED_ROOT = {"lab up", "rehearse"}
LATE = {"on a file system that is full"}
"""What only writing shows, so that a host may have been asked before, and something been said."""


def choose_kinds(named: Sequence[Named]) -> Iterator[tuple[Named, tuple[Kind, ...]]]:
    met: Counter[Role] = Counter()
    for each in named:
        first = met[each.role]
        yield each, KINDS if ALL else tuple(KINDS[(first + more) % len(KINDS)] for more in range(FEW))
        met[each.role] += FEW


CASES = [pytest.param(named, kinds, id=f"{named.command} {named.name}") for named, kinds in choose_kinds(list_named())]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with make_ground() as ground:
        yield ground


@pytest.mark.parametrize(("named", "kinds"), CASES)
def test_a_path_that_is_wrong(named: Named, kinds: tuple[Kind, ...], ground: Ground) -> None:
    assert [said for kind in kinds for said in judge(named, kind, ground)] == []


def judge(named: Named, kind: Kind, ground: Ground) -> Iterator[str]:
    """What is wrong about how the command ends."""
    before = ground.listing()
    argv = named.argv(kind.path)
    try:
        code, out, err = ground.run(*argv, timeout_s=SECONDS)
    except subprocess.TimeoutExpired:
        yield f"{kind.name}: no end: {argv}"
        return
    lines = err.splitlines()
    allowed = ANY if named.role in kind.fine else {2, 3, 4} if kind.name in LATE else {2}
    allowed |= {4} if named.command in NEED_ROOT else set()
    if code not in allowed or "internal error" in err or "Traceback" in err:
        yield f"{kind.name}: exit {code}: {err[-300:]}"
    if code == 2 and (len(lines) != 1 or not lines[0].startswith("error: ")):
        yield f"{kind.name}: {len(lines)} lines: {err[:300]}"
    if code == 2 and out and kind.name not in LATE:
        yield f"{kind.name}: an error, and on stdout: {out[:100]}"
    left = [] if kind.name in LATE and named.keeps_lock else find_left(before, ground)
    if (code == 2 and left) or any(".qtctl-" in path for path in left):
        yield f"{kind.name}: exit {code}, and left behind: {left}"
    ground.restore(before)


def find_left(before: dict[str, tuple[int, int, int]], ground: Ground) -> list[str]:
    """All but the lock of a state: locks stay."""
    after = ground.listing()
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return sorted(path for path in changed if path != "told.json.lock")


@pytest.mark.parametrize("command", sorted(LINES.keys() - UNFIT))
def test_the_line_is_good_without_it(command: str, ground: Ground) -> None:
    """So it is the path that a case puts in its place that breaks it."""
    code, _, err = ground.run(*command.split(), *LINES[command], timeout_s=SECONDS)
    assert code != 2, err
    ground.clean()


def test_every_command_that_names_a_path_has_a_line() -> None:
    assert {each.command for each in list_named()} <= LINES.keys()
