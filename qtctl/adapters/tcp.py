"""The TCP connection under SSH."""

import socket

from qtctl.adapters import ssh_errors
from qtctl.adapters.ssh_config import Settings

_SILENCE_MS = 20_000
_FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}


def dial(settings: Settings, timeout_s: float) -> socket.socket:
    """The TCP connection. TCP_NODELAY from the start: without it the handshake and each small exchange wait 40 ms."""
    try:
        sock = _connected(settings, timeout_s)
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


def _connected(settings: Settings, timeout_s: float) -> socket.socket:
    """To the first address that answers, of the family that AddressFamily allows, from BindAddress where it is set."""
    if settings.address_family not in _FAMILIES and not settings.bind_address:
        return socket.create_connection((settings.hostname, settings.port), timeout=timeout_s)
    family = _FAMILIES.get(settings.address_family, socket.AF_UNSPEC)
    failed: OSError = socket.gaierror("no address of this family")
    for kind, what, protocol, _, place in socket.getaddrinfo(
        settings.hostname, settings.port, family, socket.SOCK_STREAM
    ):
        sock = socket.socket(kind, what, protocol)
        try:
            sock.settimeout(timeout_s)
            _bind(sock, settings)
            sock.connect(place)
        except OSError as error:
            failed = error
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failed


def _bind(sock: socket.socket, settings: Settings) -> None:
    if not settings.bind_address:
        return
    try:
        ours = socket.getaddrinfo(settings.bind_address, 0, sock.family, socket.SOCK_STREAM)
        sock.bind(ours[0][4])
    except OSError as error:
        raise ssh_errors.no_source(settings, error) from error
