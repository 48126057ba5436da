"""A command under way in an exec channel: both streams drained, script fed, until its exit status is in hand."""

import select
import time
from collections.abc import Callable

import paramiko

from qtctl.adapters import elevate, ssh_errors
from qtctl.errors import HostError, Refused
from qtctl.ports.host import Completed

_CHUNK = 65536


class Exec:
    """qtctl.ports.host.Running over SSH. One exec channel; its end closes the channel."""

    def __init__(
        self,
        channel: paramiko.Channel,
        script: bytes,
        refuse: Callable[[str], Refused] | None,
        place: str,
        *,
        hold: bool = False,
    ) -> None:
        """`refuse`, where the command runs as root: makes the error from what sudo said instead.

        `hold`: the command's input stays open until the channel is closed.
        """
        self._hold = hold
        self._channel = channel
        self._script = memoryview(script)
        self._refuse = refuse
        self._place = place
        self._out: list[bytes] = []
        self._err: list[bytes] = []
        self._started_at = time.time()
        self._started = time.monotonic()
        channel.settimeout(0.0)
        self._feed()

    def finish(self, deadline_s: float) -> Completed:
        """Wait for the end. HostError at the deadline or where the connection breaks, Refused where sudo denies."""
        until = time.monotonic() + deadline_s
        ready = select.poll()
        ready.register(self._channel.fileno(), select.POLLIN)
        try:
            while not self._ended():
                left = until - time.monotonic()
                if left <= 0:
                    raise HostError(
                        f"{self._place}: a command did not end in {deadline_s:g} s",
                        hint="it may still be running there; look at the load of the host",
                    )
                self._wait(ready, left)
        finally:
            self._channel.close()
        return self._completed()

    def _ended(self) -> bool:
        """Move what can be moved now. True once all output and the exit status are in hand."""
        over = bool(self._channel.eof_received or self._channel.closed)
        self._feed()
        self._drain()
        return over and self._channel.status_event.is_set()

    def _wait(self, ready: select.poll, left_s: float) -> None:
        if self._channel.eof_received or self._channel.closed:
            self._channel.status_event.wait(left_s)
            return
        # While script is left to send, the window that opens gives no event of its own.
        ready.poll(min(left_s, 0.01 if self._script else left_s) * 1000)

    def _completed(self) -> Completed:
        status = self._channel.recv_exit_status()
        if status < 0 and not _alive(self._channel):
            raise ssh_errors.lost(self._place)
        stderr = b"".join(self._err)
        if self._refuse is not None:
            stderr = elevate.strip_mark(stderr, self._refuse)
        took = time.monotonic() - self._started
        return Completed(None if status < 0 else status, b"".join(self._out), stderr, self._started_at, took)

    def _feed(self) -> None:
        while self._script and self._channel.send_ready():
            try:
                sent = self._channel.send(self._script[:_CHUNK].tobytes())
            except TimeoutError:
                return
            except OSError:
                # The shell ended before it read all of its script; what it said and its status still count.
                self._script = memoryview(b"")
                return
            self._script = self._script[sent:]
            if not self._script and not self._hold:
                self._channel.shutdown_write()

    def _drain(self) -> None:
        while self._channel.recv_ready():
            self._out.append(self._channel.recv(_CHUNK))
        while self._channel.recv_stderr_ready():
            self._err.append(self._channel.recv_stderr(_CHUNK))


def _alive(channel: paramiko.Channel) -> bool:
    transport = channel.get_transport()
    return transport is not None and transport.is_active()
