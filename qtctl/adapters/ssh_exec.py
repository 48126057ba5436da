"""A command in an exec channel: its streams are drained and its script is fed until it has exited."""

import select
import time
from collections.abc import Callable

import paramiko

from qtctl.adapters import elevate, ssh_errors
from qtctl.adapters.bounds import MIB, OUTPUT
from qtctl.adapters.ssh_bounds import close_channel
from qtctl.errors import HostError, Refused
from qtctl.interfaces.host import Completed

_CHUNK = 65536
_BROKEN = (paramiko.SSHException, OSError, EOFError)


class Exec:
    """qtctl.interfaces.host.Running over SSH. One exec channel; its end closes the channel."""

    def __init__(
        self,
        channel: paramiko.Channel,
        script: bytes,
        refuse: Callable[[str], Refused] | None,
        host: str,
        *,
        hold: bool = False,
    ) -> None:
        """`refuse`: for a command run as root, makes the error from sudo's output.

        `hold`: the command's input stays open until the channel is closed.
        """
        self._hold = hold
        self._channel = channel
        self._script = memoryview(script)
        self._refuse = refuse
        self._host = host
        self._out = bytearray()
        self._err = bytearray()
        self._started_at = time.time()
        self._started = time.monotonic()
        channel.settimeout(0.0)
        self._feed()

    def finish(self, deadline_s: float, *, keep: bool = False) -> Completed:
        """Wait for the end. Refused if sudo denies.

        HostError at the deadline (`keep`: what came by then), if the connection breaks, or if one of the streams has
        more than 16 MiB.
        """
        until = time.monotonic() + deadline_s
        ready = select.poll()
        ready.register(self._channel.fileno(), select.POLLIN)
        try:
            while not self._has_ended():
                left = until - time.monotonic()
                if left <= 0 and keep:
                    return self._make_completed(late=True)
                if left <= 0:
                    raise HostError(
                        f"a command did not end in {deadline_s:.2g} s",
                        host=self._host,
                        hint="it may still be running there; look at the load of the host",
                    )
                self._wait(ready, left)
        finally:
            self._close()
        return self._make_completed()

    def _has_ended(self) -> bool:
        """Move the bytes that can be moved now. True once all output and the exit status have arrived."""
        over = bool(self._channel.eof_received or self._channel.closed)
        self._feed()
        drained = self._drain()
        return over and drained and self._channel.status_event.is_set()

    def _wait(self, ready: select.poll, left_s: float) -> None:
        if self._channel.eof_received or self._channel.closed:
            self._channel.status_event.wait(left_s)
            return
        # While script is left to send, there is no event when the window opens.
        ready.poll(min(left_s, 0.01 if self._script else left_s) * 1000)

    def _make_completed(self, *, late: bool = False) -> Completed:
        status = self._channel.exit_status
        if status < 0 and not late and not _is_alive(self._channel):
            raise ssh_errors.explain_lost(self._host)
        stderr = bytes(self._err)
        if self._refuse is not None:
            stderr = elevate.strip_mark(stderr, self._refuse)
        took = time.monotonic() - self._started
        return Completed(None if status < 0 else status, bytes(self._out), stderr, self._started_at, took, late)

    def _feed(self) -> None:
        while self._script and self._channel.send_ready():
            try:
                sent = self._channel.send(self._script[:_CHUNK].tobytes())
            except TimeoutError:
                return
            except _BROKEN:
                # The shell ended before it read its whole script; its output and status still count.
                self._script = memoryview(b"")
                return
            self._script = self._script[sent:]
            if not self._script and not self._hold:
                self._shut()

    def _drain(self) -> bool:
        """Take a piece of each stream: a peer that never stops sending is still cut off at the deadline."""
        if self._channel.recv_ready():
            self._keep(self._out, self._channel.recv(_CHUNK))
        if self._channel.recv_stderr_ready():
            self._keep(self._err, self._channel.recv_stderr(_CHUNK))
        return not (self._channel.recv_ready() or self._channel.recv_stderr_ready())

    def _keep(self, kept: bytearray, piece: bytes) -> None:
        kept += piece
        if len(kept) > OUTPUT:
            raise HostError(
                f"a command printed more than {OUTPUT // MIB} MiB",
                host=self._host,
                hint="its output was dropped: something on the host sends more than was asked for",
            )

    def _shut(self) -> None:
        try:
            self._channel.shutdown_write()
        except _BROKEN:
            return  # noticed when waiting for the answer

    def _close(self) -> None:
        close_channel(self._channel)


def _is_alive(channel: paramiko.Channel) -> bool:
    transport = channel.get_transport()
    return transport is not None and transport.is_active()
