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
from qtctl.adapters.host_keys import HostKeys
from qtctl.adapters.shared_jumps import Held
from qtctl.adapters.ssh_auth import log_in
from qtctl.adapters.ssh_config import Settings
from qtctl.adapters.ssh_transport import Transport
from qtctl.adapters.tcp import dial
from qtctl.errors import Unreachable

# paramiko logs tracebacks of what it raises as well; an error is printed once, by the cli.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)

_NO_HOST_KEY = "no acceptable host key"


_MOST_JUMPS = 8
_OPTION_OF = {
    "kex algorithm": ("KexAlgorithms", "preferred_kex"),
    "host key": ("HostKeyAlgorithms", "preferred_keys"),
    "ciphers": ("Ciphers", "preferred_ciphers"),
    "macs": ("MACs", "preferred_macs"),
}
"""What paramiko says that the two sides have none of in common, the option that names ours, and where we keep them."""

_GUARD = ("sh", "-c", 'read -r _; kill -s KILL -- "-$1"', "sh")
"""Ends a process group when nobody holds the other end of its input any longer: a ProxyCommand must not outlive us, not
even where we are killed."""


@dataclass(slots=True)
class Proxy:
    """A ProxyCommand under way. Its end of the socket pair is our end of the connection."""

    process: "subprocess.Popen[bytes]"
    guard: "subprocess.Popen[bytes]"
    stderr: IO[bytes]

    def read_errors(self) -> str:
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
        # First, while the group is still there: its number may belong to others later.
        self.guard.kill()
        self.guard.wait()
        self.stop()
        self.stderr.close()
        if self.guard.stdin is not None:
            self.guard.stdin.close()


@dataclass(slots=True)
class Link:
    """An open connection and what it stands on (jump hosts, a proxy command): all closed together."""

    transport: Transport
    sock: "socket.socket | paramiko.Channel"
    below: "Link | Proxy | Held | None" = None
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
    jumps_left: int = _MOST_JUMPS,
) -> Link:
    """Connect and log in. `resolve(host, user, port)` gives the settings of a jump host; `dialled`: TCP made before."""
    if settings.proxy_jump:
        return _connect_over_jumps(settings, timeout_s, resolve, jumps_left - len(settings.proxy_jump))
    if settings.proxy_command:
        return _connect_over_command(settings, timeout_s)
    return _secure(settings, dialled or dial(settings, timeout_s), None, timeout_s)


def open_through(settings: Settings, sock: socket.socket, below: Held, timeout_s: float) -> Link:
    """Shake hands and log in over a connection that others made. `below`: what keeps it open."""
    try:
        return _secure(settings, sock, below, timeout_s)
    except BaseException:
        below.close()
        raise


def _connect_over_jumps(
    settings: Settings, timeout_s: float, resolve: Callable[[str, str, int], Settings], jumps_left: int
) -> Link:
    """Each hop through the one before; the first by its own settings, the later ones have no proxy of their own."""
    if jumps_left < 0:
        raise ssh_errors.explain_too_many_jumps(settings, _MOST_JUMPS)
    first, *others = [resolve(hop.host, hop.user, hop.port) for hop in settings.proxy_jump]
    if first.target == settings.target:
        raise Unreachable("jumps over itself", host=settings.target, hint="ProxyJump none for the jump host")
    link = open_link(first, timeout_s, resolve, jumps_left=jumps_left)
    try:
        for there in (*others, settings):
            link = _connect_through(link, there, timeout_s)
    except BaseException:
        link.close()
        raise
    return link


def _connect_through(link: Link, settings: Settings, timeout_s: float) -> Link:
    place = (settings.hostname, settings.port)
    try:
        channel = link.transport.open_channel("direct-tcpip", place, ("127.0.0.1", 0), timeout=timeout_s)
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise ssh_errors.explain_not_reached_from_jump(settings, str(error)) from error
    return _secure(settings, channel, link, timeout_s)


def _connect_over_command(settings: Settings, timeout_s: float) -> Link:
    # A socket pair, not paramiko.ProxyCommand: that one spins on end of file and never waits for its process.
    ours, theirs = socket.socketpair()
    spoken = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    argv = ["sh", "-c", f"exec {settings.proxy_command}"]
    end = theirs.fileno()
    process = subprocess.Popen(argv, stdin=end, stdout=end, stderr=spoken, start_new_session=True)
    theirs.close()
    guard = subprocess.Popen([*_GUARD, str(process.pid)], stdin=subprocess.PIPE, start_new_session=True)
    proxy = Proxy(process, guard, spoken)
    try:
        return _secure(settings, ours, proxy, timeout_s)
    except Unreachable as error:
        proxy.stop()
        if words := proxy.read_errors():
            what = f"{error.what}; ProxyCommand: {words}"
            raise Unreachable(what, host=error.host, login=error.login, hint=error.hint) from error
        raise
    finally:
        if ours.fileno() == -1:
            proxy.close()


def _secure(
    settings: Settings, sock: "socket.socket | paramiko.Channel", below: "Link | Proxy | Held | None", timeout_s: float
) -> Link:
    transport: Transport | None = None
    try:
        transport = _shake_hands(settings, sock, timeout_s)
        log_in(transport, settings, timeout_s)
    except BaseException:
        sock.close()
        if transport is not None:
            transport.close()
        raise
    return Link(transport, sock, below)


def _shake_hands(settings: Settings, sock: "socket.socket | paramiko.Channel", timeout_s: float) -> Transport:
    keys = host_keys.read(settings)
    transport = Transport(sock, settings, keys)
    transport.auth_timeout = timeout_s
    # Later than start_client's own: of two clocks that end together, which one speaks is chance.
    transport.banner_timeout = transport.handshake_timeout = timeout_s + 1
    try:
        _exchange_keys(transport, timeout_s)
        keys.check(transport.shown, _find_peer(sock))
    except Unreachable:
        transport.close()
        raise
    except Exception as error:
        transport.close()
        raise _explain_failure(settings, keys, transport, error) from error
    return transport


def _exchange_keys(transport: Transport, timeout_s: float) -> None:
    transport.start_client(timeout=timeout_s)
    if not transport.initial_kex_done:
        raise TimeoutError(f"no key exchange in {timeout_s:g} s")


def _explain_failure(settings: Settings, keys: HostKeys, transport: Transport, error: Exception) -> Unreachable:
    told = str(error)
    if _NO_HOST_KEY in told and (changed := keys.explain_no_known_type()) is not None:
        return changed
    for words, (option, attribute) in _OPTION_OF.items():
        if f"no acceptable {words}" in told:
            return ssh_errors.explain_not_offered(settings, option, getattr(transport, attribute))
    return ssh_errors.explain_no_handshake(settings, error)


def _find_peer(sock: "socket.socket | paramiko.Channel") -> str:
    """The address that a connection of our own goes to; '' if a jump host or a command made it."""
    if not isinstance(sock, socket.socket) or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return ""
    try:
        return str(sock.getpeername()[0])
    except OSError:
        return ""
