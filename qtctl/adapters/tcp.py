"""The TCP connection under SSH."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from qtctl.adapters import ssh_errors
from qtctl.adapters.bounds import Deadline
from qtctl.adapters.ssh_config import Settings

_SILENCE_MS = 20_000
_FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
MOST_ADDRESSES = 8
_Address = tuple[int, int, int, str, Any]
"""As socket.getaddrinfo gives it."""


def dial(settings: Settings, timeout_s: float) -> socket.socket:
    """The TCP connection. TCP_NODELAY from the start: without it the handshake and each small exchange wait 40 ms.

    `timeout_s` is for the name and all of its addresses together.
    """
    try:
        sock = _connect(settings, Deadline(timeout_s))
    except (OSError, UnicodeError) as error:
        cause = error if isinstance(error, OSError) else socket.gaierror(str(error))
        raise ssh_errors.explain_no_tcp(settings, cause, timeout_s) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A host that vanishes breaks the connection, even while paramiko would wait for an answer forever.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE_MS)
    return sock


def _connect(settings: Settings, deadline: Deadline) -> socket.socket:
    """Connect to the first address that answers, in the family that AddressFamily allows, from BindAddress if set.

    Each address has an equal share of the time that is left.
    """
    addresses = _resolve_addresses(settings, deadline)
    failed: OSError = socket.gaierror("no address of this family")
    for number, (family, kind, protocol, _, place) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(deadline.left() / (len(addresses) - number))
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


def _resolve_addresses(settings: Settings, deadline: Deadline) -> Sequence[_Address]:
    """The addresses of the name. The resolver has its own timeouts, so it is abandoned at the deadline."""
    family = _FAMILIES.get(settings.address_family, socket.AF_UNSPEC)
    asked = (settings.hostname, settings.port, family, socket.SOCK_STREAM)
    with suppress(socket.gaierror):
        return socket.getaddrinfo(*asked, flags=socket.AI_NUMERICHOST)
    found: SimpleQueue[Sequence[_Address] | Exception] = SimpleQueue()

    def resolve() -> None:
        try:
            found.put(socket.getaddrinfo(*asked))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=resolve, daemon=True).start()
    try:
        answer = found.get(timeout=deadline.left())
    except Empty as error:
        raise TimeoutError(f"{settings.hostname} did not resolve in {deadline.seconds:g} s") from error
    if isinstance(answer, Exception):
        raise answer
    return answer[:MOST_ADDRESSES]


def _bind(sock: socket.socket, settings: Settings) -> None:
    if not settings.bind_address:
        return
    try:
        ours = socket.getaddrinfo(settings.bind_address, 0, sock.family, socket.SOCK_STREAM)
        sock.bind(ours[0][4])
    except OSError as error:
        raise ssh_errors.explain_no_source(settings, error) from error
