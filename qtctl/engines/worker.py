"""What a worker does: it answers an inquiry with evidence, in whichever process an engine runs it."""

import resource
from contextlib import suppress
from functools import partial
from importlib import import_module
from random import uniform
from time import monotonic, sleep
from typing import TYPE_CHECKING

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.engines.connect import CONNECT_S, connect, connect_ahead, connect_to_control
from qtctl.engines.events import tell
from qtctl.engines.work import Purpose
from qtctl.errors import TemporarilyUnreachable, Unreachable
from qtctl.model.events import Stage, begun
from qtctl.model.route import Route

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from qtctl.engines.work import Announced
    from qtctl.interfaces.host import Host
    from qtctl.model.evidence import Evidence
    from qtctl.model.inquiry import Inquiry

COLLECTING = ("qtctl.collect.collect", "qtctl.adapters.bridge", "qtctl.adapters.store")
"""What asking needs: loaded while there is something to wait for."""
HOST_S = 30.0
"""For all of one host, from the first packet to the last answer."""
RETRY_AFTER_S = (0.5, 2.0)
"""Pauses before further attempts to connect, in fleets."""
LEAST_S = 2.0
"""For asking, however long connecting took."""
LONGEST_S = 90.0
"""A worker ends by its own deadline; this one ends it if it hangs."""
MEMORY = 256 * 1024 * 1024
"""Bytes that a worker process may use beyond those it starts with. A host needs far less."""

BUG = "audit it by itself with --debug, and report what that shows"
LOOK_OTHERWISE = "the host is broken or hostile; look at it by other means"

_OPENERS: "dict[Purpose, Callable[[Route, Callable[[], object]], Host]]" = {
    Purpose.AUDIT: connect_ahead,
    Purpose.LOOK: partial(connect_ahead, shell=False),
    Purpose.CONTROL: connect_to_control,
}
_ahead: "dict[Route, tuple[float, BackgroundThread[Host]]]" = {}
"""Connections that this process has begun before it was asked to use them, and when it did."""
_kept: "dict[Route, Host]" = {}


def answer(inquiry: "Inquiry", deadline_s: float = HOST_S) -> "Evidence":
    """The evidence of one host; if there is no connection, all of it is refused. The inquiry must have a route.

    `deadline_s`: for all of it, connecting included.
    """
    from qtctl.adapters.clock import SystemClock
    from qtctl.collect.collect import collect, refuse_all

    route = _get_route(inquiry)
    began, connection = _open_connection(route)
    try:
        with connection() as host:
            tell(begun(route.target, Stage.COLLECT))
            return collect(host, inquiry, SystemClock(), deadline_s=max(LEAST_S, deadline_s - (monotonic() - began)))
    except Unreachable as error:
        return refuse_all(inquiry, error, SystemClock(), route.target)
    except MemoryError:
        return make_lost_evidence(inquiry, "the host sends more than fits into the memory that an audit may use")


def await_evidence(evidence: "Future[Evidence]", inquiry: "Inquiry") -> "Evidence":
    """Wait for what `answer` returns; if its worker ended without an answer, all of it is refused."""
    try:
        return evidence.result()
    except TimeoutError:
        return make_lost_evidence(inquiry, f"no end in {LONGEST_S:g} s")


def make_lost_evidence(inquiry: "Inquiry", why: str, hint: str = LOOK_OTHERWISE) -> "Evidence":
    """The evidence if a worker ended without an answer: all of it is refused."""
    from qtctl.adapters.clock import SystemClock
    from qtctl.collect.collect import refuse_all

    target = _get_route(inquiry).target
    error = Unreachable(why, host=target, hint=hint)
    return refuse_all(inquiry, error, SystemClock(), target)


def connect_early(given: "Announced") -> None:
    """Begin to connect: the next work with this route uses the connection."""
    opener = _OPENERS[given.purpose]
    _ahead[given.route] = monotonic(), BackgroundThread(partial(opener, given.route, load))


def keep_connection(route: Route) -> "Host":
    """The connection to a host that is asked several things, as long as this process lives. HostError if there is none.

    What was begun early is used; what is opened on it, a bus for instance, stays open.
    """
    if route not in _kept:
        from qtctl.apply.shared import SharedHost

        _, connection = _open_connection(route)
        _kept[route] = SharedHost(connection())
    return _kept[route]


def connect_persistently(route: Route, deadline_s: float) -> None:
    """As `connect_early`, and try again if the reason may pass, as long as the deadline leaves time for asking."""
    _ahead[route] = monotonic(), BackgroundThread(lambda: _connect_again(route, monotonic() + deadline_s))


def _connect_again(route: Route, until: float) -> "Host":
    for pause_s in RETRY_AFTER_S:
        try:
            return connect_ahead(route, load, _share_time(until))
        except TemporarilyUnreachable:
            # Hosts that were refused together should not come back together.
            pause_s *= uniform(0.7, 1.3)  # noqa: S311, PLW2901 - no secret
            if until - monotonic() < pause_s + LEAST_S:
                raise
            sleep(pause_s)
    return connect_ahead(route, load, _share_time(until))


def _share_time(until: float) -> float:
    return round(min(CONNECT_S, max(LEAST_S, until - monotonic())), 1)


def abandon(route: Route) -> None:
    """Close a connection that was begun early and is not needed."""
    if (begun_before := _ahead.pop(route, None)) is not None:
        BackgroundThread(lambda: begun_before[1].result().close())


def load() -> None:
    for name in COLLECTING:
        import_module(name)


def limit_memory() -> None:
    """Beyond the limit Python raises MemoryError, and the machine is not affected."""
    from pathlib import Path

    with suppress(OSError, ValueError, LookupError):  # no Linux, or a lower limit already
        most = int(Path("/proc/self/statm").read_text("ascii").split()[5]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _open_connection(route: Route) -> "tuple[float, Callable[[], Host]]":
    """When connecting began, in seconds of the monotonic clock, and what waits for the connection."""
    if (begun_before := _ahead.pop(route, None)) is None:
        return monotonic(), partial(connect, route)
    began, connection = begun_before
    return began, connection.result


def _get_route(inquiry: "Inquiry") -> Route:
    if inquiry.route is None:
        raise ValueError("an inquiry without a route cannot be sent to a worker")
    return inquiry.route
