"""Sources on a timeline → what changed from each to the next, and from the first to the last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from qtctl.errors import InputError
from qtctl.history.compare import compare, find_silent, weigh
from qtctl.model.evolution import NOT_SAID, Evolution, Point, Step
from qtctl.model.snapshot import Inventory, RowKind, Snapshot

LEAST = 2


@dataclass(frozen=True, slots=True)
class Source:
    """One side of a comparison. `taken_at`: '' if it has no time of its own."""

    source: str
    inventory: Inventory
    host: str = ""
    taken_at: str = ""
    digest: str = ""
    checks: Mapping[str, int] = field(default_factory=dict)
    moved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def make_source(snapshot: Snapshot, where: str) -> Source:
    head = snapshot.head
    return Source(where, snapshot.inventory, head.host, head.taken_at, snapshot.digest, head.checks, head.moved)


def evolve(given: Sequence[Source]) -> Evolution:
    """Compare in the order given. InputError for fewer than two."""
    if len(given) < LEAST:
        raise InputError("there is only one source", hint="name two or more, the earlier first")
    sources = _add_hosts(given)
    labels = _label_sources(sources)
    steps = tuple(
        _make_step(before, after, labels[number], labels[number + 1])
        for number, (before, after) in enumerate(pairwise(sources))
    )
    first, last = sources[0], sources[-1]
    whole = steps[0] if len(steps) == 1 else _make_step(first, last, labels[0], labels[-1])
    points = tuple(map(_make_point, sources, labels))
    return Evolution(points, steps, whole, weigh(first.inventory, last.inventory, whole.changes))


def _make_step(before: Source, after: Source, was: str, now: str) -> Step:
    moved = {**before.moved, **after.moved}
    changes = compare(before.inventory, after.inventory, moved)
    return Step(was, now, changes, find_silent(before.inventory, after.inventory))


def _add_hosts(sources: Sequence[Source]) -> list[Source]:
    """If several hosts are compared, each service says which host it is on: it may have moved."""
    if len({each.host for each in sources if each.host}) < LEAST:
        return list(sources)
    found = []
    for each in sources:
        rows = {name: {**row, "host": each.host} for name, row in each.inventory.of(RowKind.SERVICE).items()}
        inventory = replace(each.inventory, rows={**each.inventory.rows, RowKind.SERVICE: rows})
        found.append(replace(each, inventory=inventory) if each.host else each)
    return found


def _label_sources(sources: Sequence[Source]) -> list[str]:
    """The shortest times that distinguish the sources; a source without a time is called by its file."""
    for length in (10, 16, 19):
        labels = [each.taken_at[:length].replace("T", " ") or each.source.rpartition("/")[2] for each in sources]
        if len(set(labels)) == len(labels):
            return labels
    counted = Counter(labels)
    return [label if counted[label] == 1 else f"{label} #{number}" for number, label in enumerate(labels, 1)]


def _make_point(source: Source, label: str) -> Point:
    inventory = source.inventory
    counts = {kind: len(inventory.of(kind)) for kind in RowKind if kind in inventory.covers}
    states = Counter(str(row.get("state") or NOT_SAID) for row in inventory.of(RowKind.SERVICE).values())
    return Point(
        label, source.source, source.host, source.taken_at, source.digest, counts, dict(sorted(states.items())),
        source.checks,
    )  # fmt: skip
