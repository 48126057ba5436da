"""A host that is asked over a new connection if the current one breaks."""

from contextlib import ExitStack
from dataclasses import dataclass

from qtctl.apply.shared import SharedHost, share_connection
from qtctl.errors import HostError
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.host import Connector

_PAUSE_S = 0.5


@dataclass
class Contact:
    """`host`: the current connection. `opened` closes all of them.

    `anew`: whether it was opened after the start: then a host that accepts no more logins is noticed.
    """

    host: SharedHost
    connect: Connector
    clock: Clock
    opened: ExitStack
    anew: bool = False

    def renew_once(self) -> HostError | None:
        """A new connection, or why there is none."""
        try:
            self.host = self.opened.enter_context(share_connection(self.connect))
        except HostError as error:
            return error
        self.anew = True
        return None

    def renew(self, until: float, error: HostError) -> None:
        """A new connection, tried until `until` (monotonic seconds). HostError: why there is none, or else `error`."""
        while self.clock.monotonic() < until:
            self.clock.sleep(_PAUSE_S)
            again = self.renew_once()
            if again is None:
                return
            error = again
        raise error
