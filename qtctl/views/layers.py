"""A layered layout (Sugiyama's): columns from left to right, few crossings, the same picture for the same graph.

1. cycles are broken: the edges that then run against the order are `back` edges;
2. each node is put in the column after its farthest predecessor, and those without one beside their first successor;
3. an edge over several columns gets a joint in each of those between; if there would be too many, none gets any;
4. each column is ordered by the mean place of its neighbours, back and forth; the order with the fewest crossings wins.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from qtctl.views.edge_order import Pair, order_by_flow

SWEEPS = 24
MAX_JOINTS = 50_000
"""A picture that anybody could read has hundreds."""
MAX_SWEPT = 1_000_000
"""Nodes, joints and edges that are put in order, in all sweeps together."""
JOINT = "\0"


@dataclass(frozen=True, slots=True)
class Layers:
    """`columns` hold nodes and joints from top to bottom; `paths`: edge → what it passes through from left to right."""

    columns: tuple[tuple[str, ...], ...]
    paths: Mapping[Pair, tuple[str, ...]]
    back: frozenset[Pair]


def is_joint(item: str) -> bool:
    return item.startswith(JOINT)


def make_layers(nodes: Iterable[str], edges: Iterable[Pair], light: Collection[Pair] = ()) -> Layers:
    """Edges from a node to itself are left out; `light` as of in_flow. Names decide where nothing else does.

    Hosts that are alike have the same layout, and the page of a fleet shows many of them: the last ones are kept.
    """
    pairs = {pair for pair in edges if pair[0] != pair[1]}
    return _lay_out(tuple(sorted(set(nodes))), tuple(sorted(pairs)), frozenset(light))


@lru_cache(maxsize=8)
def _lay_out(names: tuple[str, ...], pairs: tuple[Pair, ...], light: frozenset[Pair]) -> Layers:
    place = {name: at for at, name in enumerate(order_by_flow(names, pairs, light))}
    back = frozenset(pair for pair in pairs if place[pair[0]] > place[pair[1]])
    forward = sorted({pair[::-1] if pair in back else pair for pair in pairs})
    column = _assign_columns(sorted(names, key=place.__getitem__), forward)
    joints = sum(column[to] - column[source] - 1 for source, to in forward)
    paths = {pair: _make_path(pair, column) if joints <= MAX_JOINTS else pair for pair in forward}
    ordered = _order_columns(names, column, paths)
    through = {pair: paths[pair[::-1]][::-1] if pair in back else paths[pair] for pair in pairs}
    return Layers(ordered, through, back)


def _assign_columns(in_flow: Sequence[str], forward: Sequence[Pair]) -> dict[str, int]:
    after: dict[str, list[str]] = {name: [] for name in in_flow}
    before: dict[str, list[str]] = {name: [] for name in in_flow}
    for source, to in forward:
        after[source].append(to)
        before[to].append(source)
    column: dict[str, int] = {}
    for name in in_flow:
        column[name] = max((column[each] + 1 for each in before[name]), default=0)
    for name in in_flow:
        if not before[name] and after[name]:
            column[name] = min(column[each] for each in after[name]) - 1
    return column


def _make_path(pair: Pair, column: Mapping[str, int]) -> tuple[str, ...]:
    source, to = pair
    between = range(column[source] + 1, column[to])
    return (source, *(f"{JOINT}{source}{JOINT}{to}{JOINT}{at}" for at in between), to)


def _order_columns(
    names: Sequence[str], column: dict[str, int], paths: Mapping[Pair, tuple[str, ...]]
) -> tuple[tuple[str, ...], ...]:
    count = max(column.values(), default=-1) + 1
    columns: list[list[str]] = [[] for _ in range(count)]
    for name in names:
        columns[column[name]].append(name)
    for (source, _), path in paths.items():
        for at, joint in enumerate(path[1:-1], start=column[source] + 1):
            columns[at].append(joint)
            column[joint] = at
    left: dict[str, list[str]] = {}
    right: dict[str, list[str]] = {}
    for path in paths.values():
        for one, two in pairwise(path):
            if column[two] == column[one] + 1:
                right.setdefault(one, []).append(two)
                left.setdefault(two, []).append(one)
    return _sweep_columns(columns, left, right)


def _sweep_columns(
    columns: list[list[str]], left: Mapping[str, list[str]], right: Mapping[str, list[str]]
) -> tuple[tuple[str, ...], ...]:
    best, fewest = [list(each) for each in columns], count_crossings(columns, right)
    work = sum(map(len, columns)) + sum(map(len, right.values()))
    for sweep in range(min(SWEEPS, MAX_SWEPT // (work + 1))):
        rightwards = sweep % 2 == 0
        order = range(1, len(columns)) if rightwards else range(len(columns) - 2, -1, -1)
        for at in order:
            beside = columns[at - 1] if rightwards else columns[at + 1]
            columns[at] = _sort_by_mean(columns[at], beside, left if rightwards else right)
        found = count_crossings(columns, right)
        if found < fewest:
            best, fewest = [list(each) for each in columns], found
    return tuple(tuple(each) for each in best)


def _sort_by_mean(items: list[str], beside: Sequence[str], neighbours: Mapping[str, list[str]]) -> list[str]:
    """Nodes without a neighbour there keep their place among the rest."""
    place = {name: at / max(len(beside) - 1, 1) for at, name in enumerate(beside)}

    def compute_mean(at: int, name: str) -> float:
        places = [place[each] for each in neighbours.get(name, ())]
        return sum(places) / len(places) if places else at / max(len(items) - 1, 1)

    keyed = sorted((compute_mean(at, name), at, name) for at, name in enumerate(items))
    return [name for _, _, name in keyed]


def count_crossings(columns: Sequence[Sequence[str]], right: Mapping[str, Sequence[str]]) -> int:
    """How many pairs of lines between neighbouring columns cross."""
    count = 0
    for one, two in pairwise(columns):
        place = {name: at for at, name in enumerate(two)}
        ends = [at for name in one for at in sorted(place[each] for each in right.get(name, ()))]
        count += _count_inversions(ends, len(two))
    return count


def _count_inversions(places: Sequence[int], size: int) -> int:
    """How many of `places`, each below `size`, come after a higher one (with a Fenwick tree)."""
    seen = [0] * (size + 1)
    count = 0
    for number, place in enumerate(places):
        not_higher, at = 0, place + 1
        while at:
            not_higher += seen[at]
            at &= at - 1
        count += number - not_higher
        at = place + 1
        while at <= size:
            seen[at] += 1
            at += at & -at
    return count
