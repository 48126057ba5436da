"""Ways to the system bus: systemd-stdio-bridge over a channel or a pipe, and the local socket."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

from qtctl.adapters import elevate, shell
from qtctl.adapters.bounds import BRIDGE_SAID, Deadline, shorten_output
from qtctl.adapters.byte_stream import Wire, close_wire
from qtctl.adapters.dbus import Gone, StreamBus
from qtctl.dialects.login_messages import find_cause
from qtctl.errors import HostError, Refused

if TYPE_CHECKING:
    import paramiko

SOCKET = "/run/dbus/system_bus_socket"
HELLO_DEADLINE_S = 10.0

_ANONYMOUS = b"AUTH ANONYMOUS " + b"qtctl".hex().encode()
"""For the bridge: its end of the stream is anonymous, and it talks to the bus as the user who runs it."""


def open_over_channel(
    channel: "paramiko.Channel",
    host: str,
    refuse: Callable[[str], Refused] | None,
    deadline_s: float | None = None,
) -> StreamBus:
    """The bus behind a `systemd-stdio-bridge` that runs in an exec channel."""

    stderr = bytearray()

    def explain_end(what: str) -> HostError:
        while channel.recv_stderr_ready() and len(stderr) < BRIDGE_SAID:
            stderr.extend(channel.recv_stderr(4096))
        ended = channel.exit_status if channel.exit_status_ready() else 0
        return explain(host, f"{what} (exit status {ended})" if ended > 0 else what, bytes(stderr), refuse)

    try:
        return StreamBus(_Marked(channel, host), _ANONYMOUS, explain_end, deadline_s or HELLO_DEADLINE_S)
    except BaseException:
        close_wire(channel)
        raise


class _Marked:
    """A Wire to a program started by `shell.BRIDGE`: what shell files print before it is dropped."""

    def __init__(self, wire: Wire, host: str) -> None:
        self.send, self.close = wire.send, wire.close
        self._wire, self._after = wire, shell.AfterMark(host)
        self._deadline: Deadline | None = None

    def settimeout(self, timeout: float | None) -> None:
        self._deadline = None if timeout is None else Deadline(timeout)
        self._wire.settimeout(timeout)

    def recv(self, size: int) -> bytes:
        while data := self._wire.recv(size):
            if rest := self._after.take_after(data):
                return rest
            if self._deadline is not None:
                # Noise that arrives byte by byte does not get more time.
                self._wire.settimeout(self._deadline.left())
        return b""


class _Piped:
    """A Wire to a command of ours, which ends when its input does."""

    def __init__(self, sock: socket.socket, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        self.settimeout, self.send, self.recv = sock.settimeout, sock.send, sock.recv
        self._sock, self._process, self._errors = sock, process, errors

    def close(self) -> None:
        self._sock.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self._errors.close()


def open_over_command(
    command: str, host: str, refuse: Callable[[str], Refused] | None, deadline_s: float | None = None
) -> StreamBus:
    """The bus behind a bridge that a local command starts."""
    ours, theirs = socket.socketpair()
    errors = os.fdopen(os.memfd_create("qtctl"), "w+b")
    process = subprocess.Popen(
        ["/bin/sh", "-c", command], stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=errors, start_new_session=True
    )
    theirs.close()

    def explain_end(what: str) -> HostError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        errors.seek(0)
        return explain(host, what, errors.read(BRIDGE_SAID), refuse)

    wire = _Piped(ours, process, errors)
    try:
        return StreamBus(_Marked(wire, host), _ANONYMOUS, explain_end, deadline_s or HELLO_DEADLINE_S)
    except BaseException:
        wire.close()
        raise


def explain(host: str, what: str, stderr: bytes, refuse: Callable[[str], Refused] | None) -> HostError:
    """Why there is no bus, from what the bridge (or the shell, or sudo) said."""
    if refuse is not None and elevate.MARK not in stderr and stderr:
        return refuse(_read_words(stderr))
    words = _read_words(stderr.replace(elevate.MARK, b""))
    if "not found" in words:
        return HostError(f"no systemd-stdio-bridge: {words}", host=host, hint="it is part of the systemd package")
    if cause := find_cause(words):
        return HostError(f"no system bus: {cause.what}: {words}", host=host, hint=cause.hint)
    return HostError(
        f"no system bus: {words or what}", host=host, hint="is dbus running there? `systemctl status dbus`"
    )


def explain_no_bus(host: str, path: str) -> Gone:
    """Why this machine has no system bus."""
    return lambda what: HostError(
        f"no system bus: {what}", host=host, hint=f"is dbus running? it should listen at {path}"
    )


def open_local(host: str, path: str = SOCKET, *, deadline_s: float | None = None) -> StreamBus:
    """The system bus of this machine."""
    within_s = deadline_s or HELLO_DEADLINE_S
    explain_end = explain_no_bus(host, path)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.settimeout(within_s)
        sock.connect(path)
        return StreamBus(sock, b"AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode(), explain_end, within_s)
    except OSError as error:
        sock.close()
        raise explain_end(error.strerror or str(error)) from error
    except BaseException:
        sock.close()
        raise


def _read_words(stderr: bytes) -> str:
    return shorten_output(stderr, limit=500)
