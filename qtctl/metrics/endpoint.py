"""The endpoint that Prometheus scrapes. It hands out the last text that was published, and starts nothing.

It reads a request line and headers of bounded length in a bounded time, answers so many clients at once, and closes.
"""

import errno
import ipaddress
import socket
import threading
import time
from contextlib import suppress
from typing import Self

from qtctl.errors import InputError
from qtctl.metrics.exposition import CONTENT_TYPE

PATH = "/metrics"
AT_ONCE = 8
WITHIN_S = 10.0
"""For one client, from its connection to the end of the reply."""
LARGEST_REQUEST = 16 * 1024
_END = b"\r\n\r\n"
HINT = "give an IP address and a port, such as 127.0.0.1:9810 or [::1]:9810"


def parse_place(text: str) -> tuple[str, int]:
    """`127.0.0.1:9810`, `[::1]:9810`. InputError for anything else."""
    address, _, port = text.rpartition(":")
    address = address.removeprefix("[").removesuffix("]") if address.startswith("[") else address
    with suppress(ValueError):
        ipaddress.ip_address(address)
        if port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16:
            return address, int(port)
    raise InputError(f"--listen {text!r} is not an address and a port", hint=HINT)


def is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


class Endpoint:
    """Listens from the start; before the first text is published it answers 503."""

    def __init__(self, address: str, port: int) -> None:
        """InputError if nothing can listen there."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._text: bytes | None = None
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((address, port))
        except OSError as error:
            self._socket.close()
            hint = "another program listens there" if error.errno == errno.EADDRINUSE else "check the address"
            raise InputError(f"cannot listen at {address} port {port}: {error.strerror}", hint=hint) from error
        self._socket.listen(AT_ONCE)
        threading.Thread(target=self._accept, daemon=True).start()

    def publish(self, text: str) -> None:
        """From now on, every scrape gets this."""
        self._text = text.encode()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED):
                    time.sleep(0.1)
                    continue
                return
            if not self._places.acquire(blocking=False):
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, suppress(OSError, EOFError):
                until = time.monotonic() + WITHIN_S
                reply = self._answer(_read_request(client, until))
                _send(client, reply, until)
        finally:
            self._places.release()

    def _answer(self, request: bytes) -> bytes:
        words = request.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):  # noqa: PLR2004 - method, path, version
            return _make_reply("400 Bad Request", b"not an HTTP request\n")
        method, path = words[0], words[1].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _make_reply("405 Method Not Allowed", b"only GET\n", "Allow: GET, HEAD\r\n")
        if path != PATH.encode():
            return _make_reply("404 Not Found", f"the metrics are at {PATH}\n".encode())
        if self._text is None:
            return _make_reply("503 Service Unavailable", b"the first audit has not ended\n", "Retry-After: 5\r\n")
        reply = _make_reply("200 OK", self._text, kind=CONTENT_TYPE)
        return reply[: reply.index(_END) + len(_END)] if method == b"HEAD" else reply


def _read_request(client: socket.socket, until: float) -> bytes:
    """Up to the empty line. EOFError if the client ends before it, or sends too much; TimeoutError if it takes long."""
    held = b""
    while _END not in held:
        if len(held) > LARGEST_REQUEST:
            raise EOFError
        _limit(client, until)
        piece = client.recv(LARGEST_REQUEST)
        if not piece:
            raise EOFError
        held += piece
    return held


def _send(client: socket.socket, reply: bytes, until: float) -> None:
    left = memoryview(reply)
    while left:
        _limit(client, until)
        left = left[client.send(left[: 1 << 16]) :]


def _limit(client: socket.socket, until: float) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    client.settimeout(left)


def _make_reply(status: str, body: bytes, more: str = "", *, kind: str = "text/plain; charset=utf-8") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}"
    return f"{head}X-Content-Type-Options: nosniff\r\n\r\n".encode() + body
