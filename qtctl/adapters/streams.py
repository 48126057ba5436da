"""Commands that talk with their caller: over an SSH channel, or as a process here."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Callable

from qtctl.adapters import shell
from qtctl.adapters.bounds import Deadline
from qtctl.adapters.byte_stream import Wire, send_all
from qtctl.errors import HostError

_CHUNK = 131072
_BEGINS_S = 15.0


class WireStream:
    """qtctl.interfaces.stream.Stream over a byte stream. What shell files print before the script is dropped."""

    def __init__(
        self, wire: Wire, host: str, explain_lost: Callable[[], HostError | None], close: Callable[[], object]
    ) -> None:
        """`explain_lost`: why the stream ended, if that was not by itself. `close`: ends what is at its other end."""
        self._wire, self._host = wire, host
        self._explain_lost, self._close = explain_lost, close
        self._after = shell.AfterMark(host)
        self._ahead = b""

    def begin(self, script: bytes) -> None:
        """Send the script, and wait until it runs."""
        self.send(script, _BEGINS_S)
        deadline = Deadline(_BEGINS_S)
        while True:
            try:
                data = self.read(deadline.left())
            except TimeoutError:
                data = None
            if data is None:
                raise HostError(
                    f"a command did not start in {_BEGINS_S:g} s", host=self._host, hint="is the host busy?"
                )
            if not data:
                raise HostError("it cannot run a command", host=self._host, hint="is it a shell account?")
            self._ahead = self._after.take_after(data)
            if self._after.found:
                return

    def send(self, data: bytes, deadline_s: float) -> None:
        try:
            send_all(self._wire, data, Deadline(deadline_s))
        except (OSError, EOFError) as error:
            raise self._make_error("it takes no more input") from error

    def read(self, wait_s: float) -> bytes | None:
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        try:
            self._wire.settimeout(max(wait_s, 0.001))
            data = self._wire.recv(_CHUNK)
        except TimeoutError:
            return None
        except (OSError, EOFError) as error:
            raise self._make_error("the connection was lost") from error
        if not data and (lost := self._explain_lost()) is not None:
            raise lost
        return data

    def close(self) -> None:
        self._close()

    def _make_error(self, what: str) -> HostError:
        return self._explain_lost() or HostError(what, host=self._host, hint="try again")


def start_here(host: str) -> WireStream:
    """A shell on this machine that reads its script from what is sent."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {shell.SHELL}"],
        stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
    )  # fmt: skip
    theirs.close()

    def close() -> None:
        ours.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)

    return WireStream(ours, host, lambda: None, close)
