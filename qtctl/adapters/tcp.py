"""The TCP connection under SSH."""

import socket

from qtctl.adapters import ssh_errors
from qtctl.adapters.ssh_config import Settings

_SILENCE_MS = 20_000


def dial(settings: Settings, timeout_s: float) -> socket.socket:
    """The TCP connection. TCP_NODELAY from the start: without it the handshake and each small exchange wait 40 ms."""
    try:
        sock = socket.create_connection((settings.hostname, settings.port), timeout=timeout_s)
    except (OSError, UnicodeError) as error:
        cause = error if isinstance(error, OSError) else socket.gaierror(str(error))
        raise ssh_errors.no_tcp(settings, cause, timeout_s) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A host that vanishes breaks the connection, also where paramiko would wait for an answer for ever.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE_MS)
    return sock
