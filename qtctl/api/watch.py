"""Watch hosts: units, restarts, lag and ports, as they change."""

from collections.abc import Callable, Iterator, Sequence

from qtctl.adapters.clock import SystemClock
from qtctl.api.registry import LoadedRegistry
from qtctl.engines.connect import make_declared_route, read_passwords
from qtctl.fleet import watch as fleet
from qtctl.fleet.watch import WatchTask
from qtctl.meaning.log_units import choose_units
from qtctl.meaning.watch_view import choose_watched
from qtctl.model.watch import Change
from qtctl.resolve.alike import resolve_hosts
from qtctl.resolve.resolve import stands_in

AT_ONCE = 16
"""Hosts that are connected to at the same time."""


def plan_tasks(
    registry: LoadedRegistry,
    targets: Sequence[str],
    wanted: Sequence[str],
    *,
    user: str | None = None,
    as_name: str | None = None,
) -> tuple[WatchTask, ...]:
    """What to watch of which host; connects to nothing. `wanted`, `as_name` and errors as in `logs.plan_tasks`.

    InputError, too, if the password of a store is not set.
    """
    names = {target: stands_in(registry.registry, target, as_name) for target in targets}
    declared = resolve_hosts(registry.registry, names.values())
    hosts = {target: declared[name] for target, name in names.items()}
    units = choose_units(hosts.values(), wanted)
    return tuple(
        WatchTask(
            make_declared_route(target, desired, user, "audit"),
            choose_watched(desired, units[desired.host]),
            {store.name: store for store in desired.stores},
            read_passwords(desired),
        )
        for target, desired in hosts.items()
        if desired.host in units
    )


def watch(
    tasks: Sequence[WatchTask], *, at_once: int = AT_ONCE, stopped: Callable[[], bool]
) -> Iterator[tuple[Change, ...]]:
    """As `fleet.watch.watch_hosts`."""
    return fleet.watch_hosts(tasks, SystemClock(), at_once=at_once, stopped=stopped)
