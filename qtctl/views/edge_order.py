"""The order of a graph's nodes: which edges in its cycles run backwards, so that all others run forwards."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from heapq import heapify, heappop, heappush

Pair = tuple[str, str]
SIFTS = 8
MOVES = 8_000_000
"""Places that all sifting passes consider together: each pass takes the square of the number of nodes."""
LIGHT = 0.01


def order_by_flow(names: Sequence[str], pairs: Sequence[Pair], light: Collection[Pair] = ()) -> list[str]:
    """An order with few backward edges, beginning at the sources.

    A node that only one other leads to comes right after that one: no other place has fewer backward edges. So nodes
    are placed together with such followers, and the order is that of their heads. A cycle is preferably cut at a
    `light` pair.
    """
    before: dict[str, list[str]] = {name: [] for name in names}
    for source, to in pairs:
        before[to].append(source)
    head = _find_heads(names, before)
    followers: dict[str, list[str]] = {}
    for name in names:
        if head[name] != name:
            followers.setdefault(before[name][0], []).append(name)
    between: dict[Pair, float] = {}
    for source, to in pairs:
        if head[source] != head[to]:
            ends = head[source], head[to]
            between[ends] = max(between.get(ends, 0.0), LIGHT if (source, to) in light else 1.0)
    found: list[str] = []
    place = {name: at for at, name in enumerate(_order_greedily(names, pairs))}
    heads = sorted(set(head.values()), key=place.__getitem__)
    main = {pair: float(share == 1.0) for pair, share in between.items()}
    for name in _sift_nodes(_sift_nodes(heads, main), between):
        waiting = [name]
        while waiting:
            found.append(waiting.pop())
            waiting += reversed(followers.get(found[-1], ()))
    return found


def _find_heads(names: Sequence[str], before: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """For each, the nearest node that alone leads to it and that is not itself led to by a single node.

    For a cycle, its first name.
    """
    head: dict[str, str] = {}
    for name in names:
        way: dict[str, None] = {}
        at = name
        while at not in head and at not in way and len(before[at]) == 1:
            way[at] = None
            at = before[at][0]
        if at in way:
            cycle = list(way)[list(way).index(at) :]
            found = min(cycle)
        else:
            found = head.get(at, at)
        head.update(dict.fromkeys((*way, at), found))
    return head


def _order_greedily(names: Sequence[str], pairs: Sequence[Pair]) -> list[str]:
    """Next comes a node whose predecessors are all placed; in a cycle, the node with the fewest missing ones.

    More precisely, with the smallest share of them missing; then the one that leads to most.
    """
    after: dict[str, set[str]] = {name: set() for name in names}
    waits = dict.fromkeys(names, 0)
    for source, to in pairs:
        after[source].add(to)
        waits[to] += 1
    whole = {name: wait or 1 for name, wait in waits.items()}
    placed: dict[str, None] = {}
    # A node is in the heap once for each count it has had: the lowest is the latest, and comes first.
    coming = [(waits[name] / whole[name], -len(after[name]), name) for name in names]
    heapify(coming)
    while coming:
        _, _, name = heappop(coming)
        if name in placed:
            continue
        placed[name] = None
        for other in after[name] - placed.keys():
            waits[other] -= 1
            heappush(coming, (waits[other] / whole[other], -len(after[other]), other))
    return list(placed)


def _weigh_pairs(pairs: Mapping[Pair, float]) -> dict[Pair, float]:
    """Heavier for one of few ways out of its source or into its end: cuts go through side branches."""
    out, into = Counter(source for source, _ in pairs), Counter(to for _, to in pairs)
    return {(source, to): share * (1 / out[source] + 1 / into[to]) for (source, to), share in pairs.items()}


def _sift_nodes(heads: Sequence[str], pairs: Mapping[Pair, float]) -> list[str]:
    """Move each node to where the least runs backwards, until none moves; never before everything that leads to it."""
    placed = list(heads)
    before: dict[str, set[str]] = {name: set() for name in placed}
    after: dict[str, set[str]] = {name: set() for name in placed}
    weight: dict[str, dict[str, float]] = {name: {} for name in placed}
    for (source, to), heavy in _weigh_pairs(pairs).items():
        after[source].add(to)
        before[to].add(source)
        weight[source][to] = weight[source].get(to, 0.0) - heavy
        weight[to][source] = weight[to].get(source, 0.0) + heavy
    for _ in range(min(SIFTS, MOVES // (len(placed) ** 2 + 1))):
        was = list(placed)
        for name in was:
            near = placed.index(name)
            placed.remove(name)
            reach = _find_reach(placed, name, before, after) or range(near, near + 1)
            placed.insert(_find_best_place(placed, weight[name], near, reach), name)
        if placed == was:
            break
    return placed


def _find_best_place(others: Sequence[str], weight: Mapping[str, float], near: int, reach: range) -> int:
    """The best place in `reach`: the cost falls after nodes that lead to it, and rises after nodes that it leads to."""
    cost, costs = 0.0, [0.0]
    for other in others:
        cost -= weight.get(other, 0.0)
        costs.append(round(cost, 9))
    return min(reach, key=lambda at: (costs[at], abs(at - near), at))


def _find_reach(
    others: Sequence[str], name: str, before: Mapping[str, set[str]], after: Mapping[str, set[str]]
) -> range:
    """Places after at least one node that leads to it, and such that the nodes it leads to keep one before them."""
    place = {other: at for at, other in enumerate(others)}
    first = min((place[other] + 1 for other in before[name]), default=0)
    last = len(others)
    for other in after[name]:
        if not any(place[each] < place[other] for each in before[other] if each != name):
            last = min(last, place[other])
    return range(first, last + 1)
