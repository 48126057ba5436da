"""What is watched: what a host must have, as little as changes are told by; and how two views differ."""

from collections.abc import Iterator, Mapping

from qtctl.model.desired import Desired
from qtctl.model.log_line import Units
from qtctl.model.watch import Change, Key, View, Watched


def choose_watched(desired: Desired, units: Units) -> Watched:
    """Of these units: their states, the groups through which they consume, the ports that they declare."""
    services = [each for each in desired.services if each.unit in units]
    streams: dict[str, dict[str, tuple[str, ...]]] = {}
    for service in services:
        for each in service.consumes:
            groups = streams.setdefault(each.store, {})
            groups[each.stream] = tuple(sorted({*groups.get(each.stream, ()), each.group}))
    ports = {
        (port.protocol, port.address, port.port)
        for each in desired.units()
        if each.unit in units
        for port in each.ports
    }
    return Watched(units, streams, tuple(sorted(ports)))


def merge_view(host: str, view: View, seen: Mapping[Key, str], at: float) -> tuple[View, tuple[Change, ...]]:
    """The view with what was seen since, and what changed by that."""
    changes = tuple(_compare(host, view, seen, at))
    return ({**view, **seen}, changes) if changes else (view, ())


def _compare(host: str, view: View, seen: Mapping[Key, str], at: float) -> Iterator[Change]:
    for key, after in sorted(seen.items()):
        if (before := view.get(key, "")) != after:
            yield Change(at, host, *key, before, after)
