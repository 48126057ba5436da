"""The first connection of a command to a host, opened while the command still loads what it needs."""

from functools import partial
from typing import TYPE_CHECKING

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.engines.connect import connect_as_root
from qtctl.interfaces.closing import Closing
from qtctl.model.route import Route

if TYPE_CHECKING:
    from qtctl.interfaces.host import Host


class ConnectionAhead(Closing):
    """A connector. Its first call gives the connection that was begun, or raises its error; later calls make new ones.

    If nobody asks for it, it is closed as soon as it has been made, and nobody waits for that.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        self._first: BackgroundThread[Host] | None = BackgroundThread(partial(connect_as_root, route))
        self._earlier: Host | None = None

    def __call__(self) -> "Host":
        first, self._first = self._first, None
        if first is None:
            return connect_as_root(self._route, self._earlier)
        self._earlier = first.result()
        return self._earlier

    def borrow(self) -> "Host":
        """The first connection for a while, as it is returned later: closing it here leaves it open."""
        from qtctl.apply.shared import SharedHost

        return connect_as_root(self._route) if self._first is None else SharedHost(self._first.result())

    def close(self) -> None:
        first, self._first = self._first, None
        if first is not None:
            BackgroundThread(lambda: first.result().close())
