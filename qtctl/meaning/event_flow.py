"""How events flow: who produces and who consumes which stream, in what order, and where the flow begins and ends."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A service from the streams' point of view. `reads` and `writes`: names of streams and other keys, each once."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventFlow:
    """Who writes and who reads each key, by name, sorted. Keys that nobody uses are in neither."""

    actors: Mapping[str, Actor]
    producers: Mapping[str, tuple[str, ...]]
    consumers: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, actors: Iterable[Actor]) -> "EventFlow":
        found = {each.name: each for each in sorted(actors, key=lambda each: each.name)}
        return cls(
            found,
            _group((key, each.name) for each in found.values() for key in each.writes),
            _group((key, each.name) for each in found.values() for key in each.reads),
        )

    def list_next(self, actor: str) -> tuple[str, ...]:
        """The services that read what it writes."""
        found = (name for key in self.actors[actor].writes for name in self.consumers.get(key, ()))
        return tuple(dict.fromkeys(found))

    def list_carriers(self, before: str, key: str) -> tuple[str, ...]:
        """The services that read one key and write the other."""
        return tuple(name for name in self.consumers.get(before, ()) if key in self.actors[name].writes)

    def list_first(self) -> tuple[str, ...]:
        """The services that write something and read nothing that any service writes: here events begin."""
        return tuple(
            each.name
            for each in self.actors.values()
            if each.writes and not any(key in self.producers for key in each.reads)
        )


def _group(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for key, name in pairs:
        found.setdefault(key, {})[name] = None
    return {key: tuple(names) for key, names in sorted(found.items())}


def find_cycles(flow: EventFlow) -> tuple[tuple[str, ...], ...]:
    """The groups of services in which each can reach every other one, itself included; each sorted by name."""
    found = (tuple(sorted(names)) for names in _list_components(flow))
    return tuple(sorted(names for names in found if len(names) > 1 or names[0] in flow.list_next(names[0])))


def _list_components(flow: EventFlow) -> Iterator[list[str]]:
    """Strongly connected components (Tarjan), without recursion: downstream ones come first."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in flow.actors:
        work = [(root, iter(flow.list_next(root)))] if root not in number else []
        while work:
            name, following = work[-1]
            if name not in number:
                number[name] = low[name] = len(number)
                stack.append(name)
                on_stack.add(name)
            other = next((each for each in following if each not in number or each in on_stack), None)
            if other is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    at = stack.index(name)
                    component, stack[at:] = stack[at:], []
                    on_stack.difference_update(component)
                    yield component
            elif other in number:
                low[name] = min(low[name], number[other])
            else:
                work.append((other, iter(flow.list_next(other))))


def rank_stages(flow: EventFlow) -> dict[str, int]:
    """Service → its stage, from 1: one more than the latest stage that it reads from. A cycle is one stage."""
    components = [tuple(names) for names in _list_components(flow)]
    home = {name: number for number, names in enumerate(components) for name in names}
    stage = dict.fromkeys(range(len(components)), 1)
    for number in reversed(range(len(components))):
        for name in components[number]:
            for other in flow.list_next(name):
                if home[other] != number:
                    stage[home[other]] = max(stage[home[other]], stage[number] + 1)
    return {name: stage[home[name]] for name in flow.actors}


def find_path(flow: EventFlow, start: str, end: str) -> tuple[str, ...] | None:
    """The keys on the shortest way of an event from one key to another, without the first; None if there is none."""
    came: dict[str, str] = {}
    for before, key in _walk(flow, (start,)):
        came[key] = before
        if key == end:
            return tuple(_trace_back(came, start, end))
    return () if start == end else None


def _walk(flow: EventFlow, starts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each key that can be reached, nearest first, after the one that leads to it."""
    seen = set(starts)
    waiting = deque(starts)
    while waiting:
        key = waiting.popleft()
        for other in (other for name in flow.consumers.get(key, ()) for other in flow.actors[name].writes):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                yield key, other


def _trace_back(came: Mapping[str, str], start: str, end: str) -> list[str]:
    found: list[str] = []
    key = end
    while key != start:
        found.append(key)
        key = came[key]
    return found[::-1]


def find_longest_path(flow: EventFlow) -> tuple[str, ...]:
    """The longest of the shortest ways from what the first producers write, as keys; none without such producers."""
    starts = tuple(dict.fromkeys(key for name in flow.list_first() for key in flow.actors[name].writes))
    came: dict[str, str] = {}
    length = dict.fromkeys(starts, 0)
    for before, key in _walk(flow, starts):
        came[key] = before
        length[key] = length[before] + 1
    if not length:
        return ()
    longest = max(length.values())
    end = start = min(key for key, steps in length.items() if steps == longest)
    while start in came:
        start = came[start]
    return (start, *_trace_back(came, start, end))
