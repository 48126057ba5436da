"""From resolved settings to an authenticated paramiko transport: TCP, jumps, handshake, host key, login."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

import paramiko

from qtctl.adapters import host_keys, ssh_errors
from qtctl.adapters.ssh_auth import log_in
from qtctl.adapters.ssh_config import Settings
from qtctl.adapters.tcp import dial
from qtctl.errors import Unreachable

# paramiko logs tracebacks of what it raises as well; what is raised is told once, by the cli.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)

_NO_HOST_KEY = "no acceptable host key"


@dataclass(slots=True)
class Proxy:
    """A ProxyCommand under way. Its end of the socket pair is our end of the connection."""

    process: "subprocess.Popen[bytes]"
    stderr: IO[bytes]

    def said(self) -> str:
        self.stderr.seek(0)
        return " ".join(self.stderr.read(4000).decode("utf-8", "replace").split())

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def close(self) -> None:
        self.stop()
        self.stderr.close()


@dataclass(slots=True)
class Link:
    """An open connection and what it stands on (jump hosts, a proxy command): all closed together."""

    transport: paramiko.Transport
    sock: "socket.socket | paramiko.Channel"
    below: "Link | Proxy | None" = None
    closed: bool = field(default=False)

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        # Wakes paramiko's reading thread at once; left alone it notices after its 100 ms poll.
        with contextlib.suppress(OSError, EOFError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.transport.close()
        if self.below is not None:
            self.below.close()


def open_link(
    settings: Settings,
    timeout_s: float,
    resolve: Callable[[str, str, int], Settings],
    dialled: socket.socket | None = None,
) -> Link:
    """Connect and log in. `resolve(host, user, port)` gives the settings of a jump host; `dialled`: TCP made before."""
    if settings.proxy_jump:
        return _over_jumps(settings, timeout_s, resolve)
    if settings.proxy_command:
        return _over_command(settings, timeout_s)
    return _secure(settings, dialled or dial(settings, timeout_s), None, timeout_s)


def _over_jumps(settings: Settings, timeout_s: float, resolve: Callable[[str, str, int], Settings]) -> Link:
    """Each hop through the one before; the first by its own settings, the later ones have no proxy of their own."""
    first, *others = [resolve(hop.host, hop.user, hop.port) for hop in settings.proxy_jump]
    if first.target == settings.target:
        raise Unreachable(f"{settings.target}: jumps over itself", hint="ProxyJump none for the jump host")
    link = open_link(first, timeout_s, resolve)
    try:
        for there in (*others, settings):
            link = _through(link, there, timeout_s)
    except BaseException:
        link.close()
        raise
    return link


def _through(link: Link, settings: Settings, timeout_s: float) -> Link:
    place = (settings.hostname, settings.port)
    try:
        channel = link.transport.open_channel("direct-tcpip", place, ("127.0.0.1", 0), timeout=timeout_s)
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise Unreachable(
            f"{ssh_errors.where(settings)}: not reached from its jump host: {error}",
            hint="does the jump host allow forwarding, and reach it?",
        ) from error
    return _secure(settings, channel, link, timeout_s)


def _over_command(settings: Settings, timeout_s: float) -> Link:
    # A socket pair, not paramiko.ProxyCommand: that one spins on end of file and never waits for its process.
    ours, theirs = socket.socketpair()
    said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    argv = ["sh", "-c", f"exec {settings.proxy_command}"]
    end = theirs.fileno()
    process = subprocess.Popen(argv, stdin=end, stdout=end, stderr=said, start_new_session=True)
    theirs.close()
    proxy = Proxy(process, said)
    try:
        return _secure(settings, ours, proxy, timeout_s)
    except Unreachable as error:
        proxy.stop()
        if words := proxy.said():
            raise Unreachable(f"{error.what}; ProxyCommand: {words}", hint=error.hint) from error
        raise
    finally:
        if ours.fileno() == -1:
            proxy.close()


def _secure(
    settings: Settings, sock: "socket.socket | paramiko.Channel", below: "Link | Proxy | None", timeout_s: float
) -> Link:
    transport: paramiko.Transport | None = None
    try:
        transport = _handshake(settings, sock, timeout_s)
        log_in(transport, settings, timeout_s)
    except BaseException:
        sock.close()
        if transport is not None:
            transport.close()
        raise
    return Link(transport, sock, below)


def _handshake(settings: Settings, sock: "socket.socket | paramiko.Channel", timeout_s: float) -> paramiko.Transport:
    keys = host_keys.read(settings)
    transport = paramiko.Transport(sock)
    transport.auth_timeout = timeout_s
    # Later than start_client's own: of two clocks that end together, which one speaks is chance.
    transport.banner_timeout = transport.handshake_timeout = timeout_s + 1
    options = transport.get_security_options()
    options.key_types = keys.algorithms(options.key_types)
    try:
        transport.start_client(timeout=timeout_s)
        if not transport.initial_kex_done:
            raise TimeoutError(f"no key exchange in {timeout_s:g} s")
        shown = transport.get_remote_server_key()
        keys.check(shown.get_name(), shown.asbytes())
    except (paramiko.SSHException, OSError, EOFError) as error:
        transport.close()
        changed = keys.no_known_type() if _NO_HOST_KEY in str(error) else None
        raise changed or ssh_errors.no_handshake(settings, error) from error
    except Unreachable:
        transport.close()
        raise
    return transport
