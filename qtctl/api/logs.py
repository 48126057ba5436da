"""Read the journals of hosts: lines of units, by time across hosts."""

from collections.abc import Callable, Iterator, Sequence

from qtctl.adapters.clock import SystemClock
from qtctl.api.registry import LoadedRegistry
from qtctl.engines.connect import make_declared_route
from qtctl.engines.worker import HOST_S
from qtctl.fleet import logs as fleet
from qtctl.fleet.logs import Followed, LogTask
from qtctl.meaning.log_order import merge_by_time
from qtctl.meaning.log_units import choose_units
from qtctl.model.log_line import HostLog, LogLine, LogRequest
from qtctl.resolve.alike import resolve_hosts
from qtctl.resolve.resolve import stands_in

DEADLINE_S = HOST_S
"""For the lines of a host, once it is connected, unless the caller says otherwise."""
AT_ONCE = 16
"""Hosts that are read, or connected to, at the same time."""


def plan_tasks(
    registry: LoadedRegistry,
    targets: Sequence[str],
    wanted: Sequence[str],
    *,
    user: str | None = None,
    as_name: str | None = None,
) -> tuple[LogTask, ...]:
    """What to read of which host; connects to nothing. A host that has none of what is wanted is left out.

    `wanted`: as in `meaning.log_units`. `as_name`: the host of the registry that the only target stands in for.
    InputError for a target that stands for no host, and for a name that means nothing on any of them.
    """
    names = {target: stands_in(registry.registry, target, as_name) for target in targets}
    declared = resolve_hosts(registry.registry, names.values())
    hosts = {target: declared[name] for target, name in names.items()}
    units = choose_units(hosts.values(), wanted)
    return tuple(
        LogTask(make_declared_route(target, desired, user, "audit"), units[desired.host])
        for target, desired in hosts.items()
        if desired.host in units
    )


def read(
    tasks: Sequence[LogTask], request: LogRequest, *, at_once: int = AT_ONCE, deadline_s: float = HOST_S
) -> tuple[HostLog, ...]:
    """The answer of every host, in the order of the tasks. `deadline_s`: of each host."""
    return tuple(fleet.read_logs(tasks, request, SystemClock(), at_once=at_once, deadline_s=deadline_s))


def merge(answers: Sequence[HostLog], request: LogRequest) -> list[LogLine]:
    """The lines of all hosts by time, as many of the newest as were asked for."""
    return merge_by_time([each.lines for each in answers], request.lines)


def follow(
    tasks: Sequence[LogTask], request: LogRequest, *, at_once: int = AT_ONCE, stopped: Callable[[], bool]
) -> Iterator[Followed]:
    """Lines as they are written, and what becomes of hosts. Ends when `stopped`, or if every host refuses."""
    return fleet.follow_logs(tasks, request, SystemClock(), at_once=at_once, stopped=stopped)
